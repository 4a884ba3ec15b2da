spec mcl_cases "Published cases of contrastive stages" from "../mcl.cl"

use std.losses (symmetric)

variant pairs "*my_open_clip/loss.py, ClipLoss":
    data case: image[item, dim], text[item, dim]
    learn log_logit_scale = case_log_logit_scale
    let picture = unit(image)
    let words = unit(text)
    contrast clip:
        anchor   a in picture
        positive c in words if c.item == a.item
        negative c in words if c.item != a.item
        logit    exp(log_logit_scale) * dot(a, c)
    train on case:
        minimize symmetric(clip) by sgd(lr = 0)

# The code makes such batches by sampling; a row without another of its cluster has the loss 0.
variant masked "*my_training/data.py (same effect by sampling)*":
    data case: z[row, dim], pseudo_label[item] -> class
    let y = unit(z)[row -> (v = 2, item)]
    contrast alike:
        anchor      a in y
        positive    c in y if c.item == a.item and c.v != a.v
        negative    c in y if c.item != a.item and c.pseudo_label == a.pseudo_label
        similarity  dot(a, c)
        temperature case_temperature
    let each_anchor = infonce(alike)
    on case:
        report loss = mean(each_anchor)
        report per_anchor[row] = each_anchor[(v, item) -> row]

variant joined "*MMVP.ipynb, benchmark_model*":
    data case: image[stage, item, dim], text[stage, class, dim]
    let near = dot[feature](unit[feature](image[(stage, dim) -> feature]), unit[feature](text[(stage, dim) -> feature]))
    on case:
        report similarity[item, class] = near
        report softmax_over_items[item, class] = softmax[item](case_scale * near)
        report similarity_normalised_first[item, class] = mean[stage](dot(unit(image), unit(text)))

variant nearest "*cluster.py (MiniBatchKMeans.predict on L2-normalised image features)":
    data case: features[item, dim], centroids[cluster, dim]
    on case:
        report labels[item] = argmax[cluster](-dist2(features, centroids))

# The released script reads the labels of the last stage in place of each one's.
variant product "*cluster.py, main where stages = 3":
    data case: stage_labels[stage, item] -> class
    param k = case_num_clusters
    def joint(n) = sum[stage if stage <= n](stage_labels * k^(n - stage))
    def last(n) = stage_labels[stage = n] * sum[stage if stage <= n](k^stage)
    on case:
        report pseudo_after_stage_0[item] = joint(0)
        report official_after_stage_0[item] = last(0)
        report pseudo_after_stage_1[item] = joint(1)
        report official_after_stage_1[item] = last(1)
        report pseudo_after_stage_2[item] = joint(2)
        report official_after_stage_2[item] = last(2)

variant two_stages "*cluster.py, main where stages = 2" from product:
    param k = case_num_clusters

variant four_stages "*cluster.py, main where stages = 4" from product:
    on case:
        report pseudo_after_stage_3[item] = joint(3)
        report official_after_stage_3[item] = last(3)

# Members in rising order, permuted, cut to whole batches of all workers, dealt to these, given from the end; labels take turns.
variant turns "*my_training/data.py, MCL_batch_sampler_DDP":
    data case: pseudo_labels[item] -> class, perm_0[m0] -> class, perm_1[m1] -> class, perm_2[m2] -> class
    param many = case_batch_size, workers = case_world_size
    param n0 = floor(size(m0) / (many * workers)), n1 = floor(size(m1) / (many * workers))
    param n2 = floor(size(m2) / (many * workers))
    let twin = pseudo_labels[item -> other]
    let earlier = sum[other](twin == pseudo_labels and other < item)
    def member(k, place) = sum[item if pseudo_labels == k and earlier == place](item)
    def before(k, n, t) = min(t + (0 < k), n0) + min(t + (1 < k), n1) + min(t + (2 < k), n2)  # batches before the t-th of label k
    let rows0[m0] = member(0, m0), rows1[m1] = member(1, m1), rows2[m2] = member(2, m2)
    def place(n, t, at) = workers * (n * many - 1 - t * many - at)  # in the permuted list of a label of n batches
    let given0[t0 = max(n0, 1), at = many] = rows0[m0 = perm_0[m0 = place(n0, t0, at)]]
    let given1[t1 = max(n1, 1), at = many] = rows1[m1 = perm_1[m1 = place(n1, t1, at)]]
    let given2[t2 = max(n2, 1), at = many] = rows2[m2 = perm_2[m2 = place(n2, t2, at)]]
    let turn[batch = n0 + n1 + n2] = batch
    let own0 = sum[t0 if t0 < n0 and before(0, n0, t0) == turn](given0)
    let own1 = sum[t1 if t1 < n1 and before(1, n1, t1) == turn](given1)
    let own2 = sum[t2 if t2 < n2 and before(2, n2, t2) == turn](given2)
    let own = own0 + own1 + own2
    on case:
        report batches_rank0[batch, at] = own
        report num_batches = n0 + n1 + n2
