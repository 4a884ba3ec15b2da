spec supremix_cases "Published cases of mixing one's own pairs" from "../supremix.cl"

# Anchors and the others are numbered view by view. The two literal losses shift real and mixed logits by maxima of their
# own; the second one is after a compression that sorts labels apart from their mixtures and is not a method.
variant mixtures "*/train_supremix.py, mixing_func;* where weight_distance = l1_inv and mix_negatives = true and mix_positives = true" from as_published:
    data case: z[item, v, dim], label[item], anchor_share[anchor, other]
    param T = case_temperature, window = case_window, magnify = case_use_weight
    let age = label
    let undefined = ["loss_literal_code_with_compression"]
    def part(a, k) = anchor_share[anchor = a.v * size(item) + a.item, other = k.v * size(item) + k.item]
    contrast order:
        let soft[k in z] = rows(
            stop(part(a, k) * a + (1 - part(a, k)) * k), age = part(a, k) * a.age + (1 - part(a, k)) * k.age
        ) if k.age != a.age
    def softs(R)[a in R] = count[k in z if k.age != a.age](k.age)
    def exacts(R)[a in R] = (
        count[
            j in z, k in z if a.age - window < j.age and j.age < a.age and a.age < k.age and k.age < a.age + window
        ](k.age)
    )
    on case:
        report loss = mean(supcon(order))
        report negative_mixtures_per_anchor[anchor] = softs(order)[(v, item) -> anchor]
        report positive_mixtures_per_anchor[anchor] = exacts(order)[(v, item) -> anchor]
        report loss_literal_code_two_shifts = mean(literal)

# Without one kind of mixture. The literal code then leaves empty slots of that kind among its candidates: not a method.
variant negatives_only "*/train_supremix.py, mixing_func;* where weight_distance = l1_inv and mix_positives = false" from mixtures:
    let undefined = ["loss_literal_code_with_compression", "loss_literal_code_two_shifts"]
    contrast order:
        positive c in z if c.age == a.age and c != a

variant positives_only "*/train_supremix.py, mixing_func;* where weight_distance = l1_inv and mix_negatives = false" from mixtures:
    let undefined = ["loss_literal_code_with_compression", "loss_literal_code_two_shifts"]
    contrast order:
        negative c in z if c.age != a.age weight (abs(a.age - c.age) + 1 if magnify else 1)

# Other weights. The squared one has a misplaced bracket for mixtures in the code; with reciprocals far pairs count less.
variant squares "*/train_supremix.py, mixing_func;* where weight_distance = l2_inv" from mixtures:
    contrast order:
        negative c in z if c.age != a.age weight ((a.age - c.age)^2 + 1 if magnify else 1)
        negative c in soft weight ((a.age - c.age + 1)^2 + 1 if magnify else 1)
        positive c in z if c.age == a.age and c != a
        positive c in exact weight (2 if magnify else 1)
    contrast real from order:
        positive c in z if c.age == a.age and c != a
        negative c in z if c.age != a.age weight ((a.age - c.age)^2 + 1 if magnify else 1)
    contrast mixed from order:
        positive c in exact weight (2 if magnify else 1)
        negative c in soft weight ((a.age - c.age + 1)^2 + 1 if magnify else 1)

variant reciprocals "*/train_supremix.py, mixing_func;* where weight_distance = l1" from mixtures:
    contrast order:
        negative c in z if c.age != a.age weight (1 / (abs(a.age - c.age) + 1) if magnify else 1)
        negative c in soft weight (1 / (abs(a.age - c.age) + 1) if magnify else 1)
    contrast real from order:
        positive c in z if c.age == a.age and c != a
        negative c in z if c.age != a.age weight (1 / (abs(a.age - c.age) + 1) if magnify else 1)
    contrast mixed from order:
        positive c in exact
        negative c in soft weight (1 / (abs(a.age - c.age) + 1) if magnify else 1)

variant square_reciprocals "*/train_supremix.py, mixing_func;* where weight_distance = l2" from mixtures:
    contrast order:
        negative c in z if c.age != a.age weight (1 / ((a.age - c.age)^2 + 1) if magnify else 1)
        negative c in soft weight (1 / ((a.age - c.age)^2 + 1) if magnify else 1)
    contrast real from order:
        positive c in z if c.age == a.age and c != a
        negative c in z if c.age != a.age weight (1 / ((a.age - c.age)^2 + 1) if magnify else 1)
    contrast mixed from order:
        positive c in exact
        negative c in soft weight (1 / ((a.age - c.age)^2 + 1) if magnify else 1)
