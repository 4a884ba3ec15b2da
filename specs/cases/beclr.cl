spec beclr_cases "Published cases of enhanced batches and moved prototypes" from "../beclr.cl"

# ---- the loss: rows of view 1, then of view 2; enhanced or not, each is an item of its own

variant loss_teacher "*model/beclr.py, BECLRLoss where uniformity_config = tt" from loss:
    let S = views(z_teacher)

variant loss_both "*model/beclr.py, BECLRLoss where uniformity_config = st" from loss:
    let S = stack[v](views(z_student)[v = 0], views(z_teacher)[v = 1])

variant loss "*model/beclr.py, BECLRLoss":
    data case: z_teacher[row, dim], p_student[row, dim], z_student[row, dim]
    param tau = case_temp, lam = case_lamb_neg
    def views(z) = stack[copy](unit(z[row -> (v = 2, item)]))
    let T = stop(views(z_teacher)), P = views(p_student), S = views(z_student)
    on case:
        report loss_pos = aligned
        report loss_neg = uniform(spread)
        report loss = aligned + lam * uniform(spread)
        report std = mean(sqrt(var[row](unit(z_teacher)) * size(row) / (size(row) - 1)))

# ---- neighbours from a memory

variant neighbours "*dyce.py, DyCE.get_top_kNN" from as_published:
    data case: bank[slot, dim], labels[slot] -> word, prototypes[word, dim], z[row, dim], probe[row, dim]
    param near = case_topk
    let wide = z[row -> (v = 2, item)]
    def nearest(z, bank, tag, proto):  # as the paper has it
        let mine = argmax[word](cos(z, proto))
        let few = sum[slot](tag == mine) < near
        let list = {n in bank[slot] if n.tag == mine or few top near by cos(z, n)}
        let found[nth = near] = list[rank = nth]
        found
    def rows_of(extra) = cat[(item, many) -> block](unit(wide), stop(extra)[(item, nth) -> many])[(v, block) -> row]
    let enhanced = rows_of(nearest(wide, bank, labels, prototypes))
    on case:
        report enhanced[row, dim] = enhanced
        report official_enhanced[row, dim] = rows_of(around(wide, bank, labels, prototypes))
        report sum_enhanced_probe = sum(enhanced * probe)

# ---- the memory itself

variant memory "*dyce.py, DyCE.save_memory_embeddings; utils/sinkhorn.py, distributed_sinkhorn":
    data case: z[item, dim]
    data start: bank[slot, dim], labels[slot] -> word, prototypes[word, dim], ptr
    state B[slot, dim] = bank, L[slot] -> word = labels, C[word, dim] = prototypes, at = ptr
    let like = dot(unit(z), unit(C)) if case_metric == "cosine" else -sqrt(dist2(unit(z), unit(C)))
    let plan = sinkhorn[word, item](like / case_epsilon, rounds = case_sinkhorn_iterations)
    let cluster = argmax[word](plan)
    let place = at + item if at + item < size(slot)  # what does not fit is dropped
    train on case:
        B[slot = place] <- z
        L[slot = place] <- cluster
        C <- (1 - case_memory_momentum) * mean[slot if L == word](B) + case_memory_momentum * C else C
        at <- at + size(item) if at + size(item) < size(slot) else 0
        report plan[item, word] = plan
        report assign[item] = cluster
        report bank[slot, dim] = B
        report labels[slot] = L
        report prototypes[word, dim] = C
        report ptr = at

# ---- moved prototypes

variant five "*utils/optimal_transport.py, OpTA; utils/sinkhorn.py, Sinkhorn; evaluate.py, evaluate_fewshot (mixing)":
    data case: support[way, shot, dim], query[query, dim]
    param cost = case_regularization, rest = case_stopping, most = case_max_iter
    let undefined = ["iterations_0", "iterations_1", "iterations_2", "iterations_3", "iterations_4"]  # how long a plan took
    let Q = query[query -> ask]
    let C0 = mean[shot](support)
    def price(C, plan) = sum(plan * dist2(C, Q) / max(dist2(C, Q)))
    let plan0 = carried[way, ask](C0, Q), C1 = moved[way, ask](C0, Q)
    let plan1 = carried[way, ask](C1, Q), C2 = moved[way, ask](C1, Q)
    let plan2 = carried[way, ask](C2, Q), C3 = moved[way, ask](C2, Q)
    let plan3 = carried[way, ask](C3, Q), C4 = moved[way, ask](C3, Q)
    let plan4 = carried[way, ask](C4, Q), C5 = moved[way, ask](C4, Q)
    let last = [C1, C2, C3, C4, C5][case_passes - 1]
    on case:
        report plan_0[way, ask] = plan0
        report plan_1[way, ask] = plan1
        report plan_2[way, ask] = plan2
        report plan_3[way, ask] = plan3
        report plan_4[way, ask] = plan4
        report transported_0[way, dim] = C1
        report transported_1[way, dim] = C2
        report transported_2[way, dim] = C3
        report transported_3[way, dim] = C4
        report transported_4[way, dim] = C5
        report cost_0 = price(C0, plan0)
        report cost_1 = price(C1, plan1)
        report cost_2 = price(C2, plan2)
        report cost_3 = price(C3, plan3)
        report cost_4 = price(C4, plan4)
        report final_prototypes[way, dim] = last if case_shots == 1 else case_ratio_OT * last + (1 - case_ratio_OT) * C0
