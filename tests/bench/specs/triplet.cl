spec triplet "Every triplet of a batch, on four views" "https://arxiv.org/abs/1503.03832"

use std.views (crop_turn)

param margin: real > 0 = 0.1

data photos: image[item, channel, row, column] from "mnist-5k"

view x[v = 4] ~ crop_turn(image, 28)
model f(channel, row, column -> width) = conv([16, 32, 64])
model g(width -> dim) = linear(32)
let z = unit(g(f(x)))  # [item, v, dim]

contrast views:
    anchor     a in z
    positive   c in z if c.item == a.item and c.v != a.v
    negative   c in z if c.item != a.item
    similarity dot(a, c)

def hinged(R)[a in R] = mean[n in a.negative](mean[p in a.positive](relu(R(a, n) - R(a, p) + margin)))

train on photos(batch = 64, epochs = 1):
    minimize mean(hinged(views)) by sgd(lr = 0.1)
