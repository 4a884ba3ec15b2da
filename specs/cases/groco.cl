spec groco_cases "Published cases of learning by sorting" from "../groco.cl"

variant sorted "*learning_by_sorting/losses/groco.py, GroCo*":
    data case: projection[v, item, dim]
    param hardest = case_topk_neg, steepness = case_steepness, views = case_n_views, full = case_n_pos_views
    let z = projection
    let y = stop(z) if case_stop_grad else z
    def listed(R)[a in R]:  # [slot]: negatives rising, then positives rising
        let low = sort[n in a.negative](R(a, n))
        let high = sort[p in a.positive](R(a, p))
        cat[slot](low[rank -> slot], high[rank -> slot])
    let list = listed(order)
    on case:
        report loss = mean[v](mean[item](grouped(order)))
        report loss_per_anchor_view[v] = mean[item](grouped(order))
        report similarities_preordered[v, item, slot] = list
        report permutation[v, item, slot, place] = soft_sort[slot -> place](list, steepness = steepness)

# Several views: each pair of views, one of them full, as two views, with every view of the other items as negatives.
variant ntxent_all_pairs "*nt_xent_all_combinations.py* where n_pos_views = absent" from ntxent_pairs:
    param full = size(v)

variant ntxent_pairs "*nt_xent_all_combinations.py*" from baseline:
    data case: projection[v, item, dim]
    param full = case_n_pos_views
    let z = projection
    contrast pull:
        temperature case_tau
    def others(R)[a in R] = logsumexp[n in a.negative](R(a, n))
    let near = cos(z, z[v -> w]) / case_tau  # [item, v, w]
    on case:
        report loss = mean[v, w, item if v != w and (v < full or w < full)](logaddexp(near, others(pull)) - near)

variant ntxent_more "*learning_by_sorting/losses/nt_xent.py, NT_XentWithMoreNegatives" from ntxent_pairs:
    param full = 2
    on case:
        report loss = mean[v, w, item if v != w and v < 2 and w < 2](logaddexp(near, others(pull)) - near)

variant ntxent_top "*learning_by_sorting/losses/nt_xent.py, NT_Xent" from top_baseline:
    data case: projection[v, item, dim]
    param hardest = case_topk_neg
    let z = projection
    let y = stop(z) if case_stop_grad else z
    contrast pull:
        temperature case_tau
    on case:
        report loss = mean(infonce(pull))

variant ntxent "*learning_by_sorting/losses/nt_xent.py, NT_Xent where topk_neg = absent" from baseline:
    data case: projection[v, item, dim]
    let z = projection
    let y = stop(z) if case_stop_grad else z
    contrast pull:
        positive    c in y if c.item == a.item and c.v != a.v
        negative    c in y if c.item != a.item
        temperature case_tau
    on case:
        report loss = mean(infonce(pull))
