spec sc_mil_cases "Cases of supervised contrastive learning of bags" from "../sc-mil.cl"

# Whole bags: weights as inputs of the case; a tile is there where the mask says so.
variant plain "none (paper equations) where gated = false":
    data case: instance[
        item, tile, width
    ], mask[item, tile], label[item] -> class, V[
        hidden, width
    ], w[hidden], W1[dim, width], b1[dim], Wc[class, width], bc[class]
    param tau = case_tau, curve = case_schedule
    let t = case_t / case_T
    let tiles = instance if mask > 0
    let share = softmax[tile](dot[hidden](w, tanh(dot[width](V, tiles))))
    let z = unit(dot[width](W1, bag) + b1)
    let score = dot[width](Wc, bag) + bc
    on case:
        report attention[item, tile] = share else 0
        report bag_embedding[item, width] = bag
        report projection[item, dim] = z
        report class_logits[item, class] = score
        report loss_scl = contrast_loss
        report loss_ce = class_loss
        report loss = beta * contrast_loss + (1 - beta) * class_loss

variant gated "none (paper equations) where gated = true" from plain:
    data case: instance[
        item, tile, width
    ], mask[item, tile], label[item] -> class, V[
        hidden, width
    ], U[hidden, width], w[hidden], W1[dim, width], b1[dim], Wc[class, width], bc[class]
    let share = softmax[tile](dot[hidden](w, tanh(dot[width](V, tiles)) * sigmoid(dot[width](U, tiles))))

# The objective alone, on embeddings and scores of bags.
variant objective "none (paper equations)":
    data case: bag_embedding[item, dim], class_logits[item, class], label[item] -> class
    param tau = case_tau, curve = case_schedule
    let t = case_t / case_T
    let z = unit(bag_embedding), score = class_logits
    def positives(R)[a in R] = count[p in a.positive](p)
    on case:
        report per_anchor[item] = supcon(pull) else 0
        report has_positive[item] = positives(pull) > 0
        report loss_scl_mean_over_all = mean(supcon(pull) else 0)
        report loss_scl_mean_over_anchors_with_positive = contrast_loss
        report loss_ce = class_loss
        report beta = beta
        report loss = beta * contrast_loss + (1 - beta) * class_loss
