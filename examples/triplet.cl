spec triplet "A margin triplet with semi-hard negatives" "https://arxiv.org/abs/1503.03832"

param margin: real > 0 = 0.2
param pixels: int > 0 = 8

data digits: image[item, channel, row, column], label[item] -> class from "digits-8x8", "uoft-cs/cifar10"

view x ~ crop(image, pixels, scale = (0.5, 1))
model f(channel, row, column -> dim) = conv([32, 32])
let z = unit(f(x))  # [item, dim]

contrast pull:
    anchor     a in z
    positive   c in z if c.label == a.label and c != a
    negative   c in z if c.label != a.label
    similarity -dist2(a, c)

# For a pair (a, p) a negative is semi-hard when it is farther than the positive, but by less than the margin.
def semi_hard(R)[a in R] = mean[p in a.positive](
    mean[n in a.negative if R(a, n) < R(a, p) and R(a, n) > R(a, p) - margin](R(a, n) - R(a, p) + margin) else 0
)

train on digits(batch = 64, epochs = 20):
    minimize mean(semi_hard(pull)) else 0 by adam(lr = 2e-3)

on digits(split = "test"):
    report knn = knn(f(image), label, k = 5)

variant hardest:  # of all negatives, the closest alone
    def hardest(R)[a in R] = mean[p in a.positive](relu(max[n in a.negative](R(a, n)) - R(a, p) + margin))
    train from this:
        minimize mean(hardest(pull)) else 0 by adam(lr = 2e-3)

claim knn: hardest < this
