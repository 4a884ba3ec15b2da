spec dcl "Decoupled contrastive learning" "arXiv:2110.06848"

use std.losses (decoupled)
use std.views (simclr)

param tau: real > 0 = 0.1

data photos: image[item, channel, y, x], label[item] -> class from "mnist-5k", "ILSVRC/imagenet-1k"
view x[v = 2] ~ simclr(image, size = 28)
model f(channel, y, x -> width) = resnet(18, stem = "small")
model g(width -> dim) = mlp([512, 128], norm = "batch")
let z = unit(g(f(x)))                                     # [item, v, dim]

contrast pull:
    anchor     a in z
    positive   c in z if c.item == a.item and c.v != a.v
    negative   c in z if c.item != a.item
    similarity dot(a, c)
    temperature tau

train on photos(batch = 256, epochs = 100):
    minimize mean(decoupled(pull)) by sgd(lr = cosine(0.03, warm_epochs = 10), momentum = 0.9, decay = 1e-4)

on photos(split = "test"):
    report knn = knn(f(image), label, k = 20)
    report linear = linear_probe(f(image), label)

variant baseline:
    train from this:
        minimize mean(infonce(pull)) by sgd(lr = cosine(0.03, warm_epochs = 10), momentum = 0.9, decay = 1e-4)

claim knn: baseline < this
