spec supcon "Supervised contrastive learning" "https://arxiv.org/abs/2004.11362"

use std.losses (supcon)
use std.views (crop_turn)

param tau: real > 0 = 0.1

data photos: image[item, channel, row, column], label[item] -> class from "mnist-5k"

view x[v = 2] ~ crop_turn(image, 28)
model f(channel, row, column -> width) = conv([16, 32, 64])
model g(width -> dim) = linear(32)
let z = unit(g(f(x)))  # [item, v, dim]

contrast classes:
    anchor      a in z
    positive    c in z if c.label == a.label and c != a
    negative    c in z if c.label != a.label
    similarity  dot(a, c)
    temperature tau

train on photos(batch = 64, epochs = 1):
    minimize mean(supcon(classes)) by sgd(lr = 0.1)
