spec mochi_cases "Published cases of hard negative mixing" from "../mochi.cl"

# Encoder outputs are the leaves: `nothing` is there for minimize to move, at rate 0. The ring starts at slot 0; a case
# that starts elsewhere is turned by its pointer, and turned back where slots are reported.
variant queue:
    data case: query[item, dim], key[item, dim], pair_rank[
        pair, item, mix
    ] -> rank, alpha[item, mix], mix_rank[item, blend] -> rank, beta[item, blend]
    data start: queue_init[slot, dim]
    param tau = case_tau, hardest = case_n_hard, pairs = case_s_type1, blends = case_s_type2
    learn nothing = 0
    state Q[slot, dim] = queue_init[slot = (slot + case_pointer_init) % size(slot)]
    state pointer = case_pointer_init
    let q = unit(query), k = stop(unit(key))
    let i = pair_rank[pair = 0], j = pair_rank[pair = 1], r = mix_rank, share = alpha, own = beta
    let number = step + case_first_step_number
    let first = number > (case_start_type1_after_step if case_start_type1_after_step > 0 else inf)  # 0: never
    let second = number > (case_start_type2_after_step if case_start_type2_after_step > 0 else inf)
    contrast pull:
        negative c in Q
        negative c in two if first
        negative c in one if second
    # the same candidates as a table: the key, the slots, mixes of two, mixes with the query
    let list[nth = hardest] = sum[n in Q top hardest by dot(q, n)](n.slot if n.rank == nth else 0)  # [item, nth]
    let two_of = unit(share * Q[slot = list[nth = i]] + (1 - share) * Q[slot = list[nth = j]])
    let one_of = unit(own * q + (1 - own) * Q[slot = list[nth = r]])
    let turned = Q[slot = (slot - case_pointer_init) % size(slot)]
    let table = cat[candidate](
        stack[lone](dot(q, k))[lone -> candidate], dot(q, turned)[slot -> candidate],
        (dot(q, two_of) if first)[mix -> candidate], (dot(q, one_of) if second)[blend -> candidate]
    ) / tau
    # what a report at the end of a step would read from the new queue
    state hard_slots[row = size(item), nth = hardest] = 0
    state logits[row = size(item), candidate = 1 + size(slot) + pairs + blends] = absent
    train on case:
        hard_slots <- ((list + case_pointer_init) % size(slot))[item -> row]
        logits <- table[item -> row]
        minimize mean(infonce(pull)) + nothing by sgd(lr = 0)
        report hard_slots[row, nth] = hard_slots
        report logits[row, candidate] = logits
        Q <- push[slot](Q, k)
        pointer <- (pointer + size(item)) % size(slot)
        report queue_after[slot, dim] = Q[slot = (slot - case_pointer_init) % size(slot)]
        report pointer_after = pointer

# Rows of the queue with the query's own number, of an item or a class, are neither negatives nor parents.
variant tagged "*src/moco.py, MoCo where int over item and int over slot" from queue:
    data case: query[item, dim], key[item, dim], pair_rank[
        pair, item, mix
    ] -> rank, alpha[item, mix], mix_rank[item, blend] -> rank, beta[item, blend], mine[item] -> kind
    data start: queue_init[slot, dim], theirs[slot] -> kind
    state tag[slot] -> kind = theirs[slot = (slot + case_pointer_init) % size(slot)]
    contrast pull:
        let hard = {n in Q if n.tag != a.mine top hardest by dot(a, n)}
        negative c in Q if c.tag != a.mine
        negative c in two if first
        negative c in one if second
    let list[nth = hardest] = sum[n in Q if n.tag != mine top hardest by dot(q, n)](n.slot if n.rank == nth else 0)
    let kept = dot(q, turned) if tag[slot = (slot - case_pointer_init) % size(slot)] != mine else -inf
    let table = cat[candidate](
        stack[lone](dot(q, k))[lone -> candidate], kept[slot -> candidate], (dot(q, two_of) if first)[mix -> candidate],
        (dot(q, one_of) if second)[blend -> candidate]
    ) / tau
    train on case from this:
        Q <- push[slot](Q, k)
        tag <- push[slot](tag, mine)

# The same with a queue whose rows have no number at first.
variant tagged_later "*src/moco.py, MoCo where int over item" from tagged:
    data start: queue_init[slot, dim]
    state tag[slot] -> kind = absent

# Nothing is mixed with the query: a case may then have no draws for it.
variant first_only "*src/moco.py, MoCo where s_type2 = 0" from queue:
    contrast pull:
        negative c in Q
        negative c in two if first
    let table = cat[candidate](
        stack[lone](dot(q, k))[lone -> candidate], dot(q, turned)[slot -> candidate],
        (dot(q, two_of) if first)[mix -> candidate]
    ) / tau

variant plain "*src/moco.py, MoCo" from queue:
    param tau = case_tau
