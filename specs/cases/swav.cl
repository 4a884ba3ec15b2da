spec swav_cases "Published cases of swapped cluster assignments" from "../swav.cl"

variant sinkhorn "*main_swav.py, distributed_sinkhorn":
    data case: scores[item, word]
    let plan = sinkhorn[word, item](scores / case_epsilon, rounds = case_iterations)
    on case:
        report assignment[item, word] = plan
        report row_sum[item] = sum[word](plan)
        report column_sum[word] = sum[item](plan)

# Embeddings are leaves; prototypes are moved by plain SGD; any crops may make the codes.
variant step "*main_swav.py, train + distributed_sinkhorn* where queue_length = 0":
    data case: embedding[crop, item, dim]
    data start: prototypes_init[word, dim]
    param tau = case_temperature, eps = case_epsilon
    learn C[word, dim] = prototypes_init
    let prototypes = C
    let z = unit(embedding)
    let source[maker = case_crops_for_assign_length] = case_crops_for_assign[maker]
    let lead = stop(z[crop = source])  # [maker, item, dim]
    let code = stop(sinkhorn[word, item](dot(lead, C) / eps, rounds = case_sinkhorn_iterations))
    let score = dot(z, C if step >= case_freeze_prototypes_niters else stop(C))  # the case has no gradient then
    train on case:
        C <- unit(C)
        minimize mean[
            maker, crop, item if crop != source
        ](swap) else 0 over C if step >= case_freeze_prototypes_niters by sgd(lr = case_lr)
        report assignment[maker, item, word] = code
        report prototypes_after[word, dim] = C

variant queue_step "*main_swav.py, train + distributed_sinkhorn*" from step:
    data start: prototypes_init[word, dim], queue_init[maker, slot, dim]
    state Q[maker, slot, dim] = queue_init if norm(queue_init) > 0  # rows of zeros are empty
    let past = dot(Q, C) if full(Q) else absent
    let plan = sinkhorn[word, pool](
        cat[(slot, item) -> pool](past, dot(lead, C)) / eps, rounds = case_sinkhorn_iterations
    )
    let code = stop(plan[pool in item])
    train on case from this:
        minimize mean[
            maker, crop, item if crop != source
        ](swap) else 0 over C if step >= case_freeze_prototypes_niters by sgd(lr = case_lr)
        Q <- push[slot](Q, lead, order = "front")
        report queue_after[maker, slot, dim] = Q else 0
