spec susana_cases "Published cases of two distance losses" from "../susana.cl"

# A set within itself; with few rows there are fewer neighbours, and then the share of one class is no part of the score.
variant within "*icnn_loss.py, modified_score":
    data case: embed[item, dim], label[item] -> class
    let points = rows(embed, local = label)
    let few = case_k_requested + 2 >= size(item)
    let k = size(item) - 2 if few else case_k_requested
    let neighbourhood = near(points, points, k, case_ipc)
    on case:
        report score = score(neighbourhood, k, k + 2 < size(item))
        report loss = -log(score(neighbourhood, k, k + 2 < size(item)))
        report lambda_same = alike(neighbourhood)
        report lambda_diff = apart(neighbourhood)
        report gamma = share(neighbourhood, k, k + 2 < size(item))

variant across "*icnn_loss.py, modified_score (query against support)":
    data case: query[item, dim], query_label[item] -> class, target[t, dim], target_label[t] -> class
    let neighbourhood = near(rows(query, local = query_label), rows(target, local = target_label), case_k, case_ipc)
    on case:
        report score = score(neighbourhood, case_k, case_k + 2 < size(t))
        report loss = -log(score(neighbourhood, case_k, case_k + 2 < size(t)))

variant hardest "*icnn_loss.py, proto_triplet_loss":
    data case: query[item, dim], query_label[item] -> class, prototype[way, dim]
    param margin = case_margin
    let Q = rows(query, local = query_label)
    let proto = prototype
    on case:
        report loss = mean(hinge(triplet))

# The losses that a case lists, divided by their number: cross, triplet, and the score of all, support and query rows.
variant listed "*icnn_loss.py, get_icnn_loss where losses = cross,prototriplet,fullicnn":
    data case: support[s, dim], support_label[s] -> class, query[item, dim], query_label[item] -> class
    param c = 1, t = 1, f = 1, i = 0, q = 0
    let local = query_label
    let S = rows(support, local = support_label)
    let Q = rows(query, local = query_label)
    let proto[way = case_way] = mean[s if support_label == way](support)
    let logit = -dist2(query, proto)
    let all = rows(cat[(s, item) -> row](support, query), local = cat[(s, item) -> row](support_label, query_label))
    let n = case_way * case_shot
    let full = icnn(all, all, n + case_way * case_query, case_shot + case_query)
    on case:
        report loss = (
            c * mean(cross) + t * mean(hinge(triplet)) + f * full + i * icnn(S, S, n) + q * icnn(Q, S, n)
        ) / (c + t + f + i + q)

variant cross_alone "*icnn_loss.py, get_icnn_loss where losses = cross" from listed:
    param t = 0, f = 0

variant triplet_alone "*icnn_loss.py, get_icnn_loss where losses = prototriplet" from listed:
    param c = 0, f = 0

variant full_alone "*icnn_loss.py, get_icnn_loss where losses = fullicnn" from listed:
    param c = 0, t = 0

variant support_alone "*icnn_loss.py, get_icnn_loss where losses = suppicnn" from listed:
    param c = 0, t = 0, f = 0, i = 1

variant query_alone "*icnn_loss.py, get_icnn_loss where losses = queryicnn" from listed:
    param c = 0, t = 0, f = 0, q = 1

variant cross_triplet "*icnn_loss.py, get_icnn_loss where losses = cross,prototriplet" from listed:
    param f = 0

variant cross_full "*icnn_loss.py, get_icnn_loss where losses = cross,fullicnn" from listed:
    param t = 0

variant triplet_full "*icnn_loss.py, get_icnn_loss where losses = prototriplet,fullicnn" from listed:
    param c = 0

variant cross_support "*icnn_loss.py, get_icnn_loss where losses = cross,suppicnn" from listed:
    param t = 0, f = 0, i = 1

variant cross_query "*icnn_loss.py, get_icnn_loss where losses = cross,queryicnn" from listed:
    param t = 0, f = 0, q = 1

variant cross_both "*icnn_loss.py, get_icnn_loss where losses = cross,suppicnn,queryicnn" from listed:
    param t = 0, f = 0, i = 1, q = 1

variant both "*icnn_loss.py, get_icnn_loss where losses = suppicnn,queryicnn" from listed:
    param c = 0, t = 0, f = 0, i = 1, q = 1
