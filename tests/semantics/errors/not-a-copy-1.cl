spec tiny "A tiny method" "https://example.org/paper"

use std.losses (infonce)

param tau: real > 0 = 0.1
data photos: image[item, channel, row, column], label[item] -> class from "mnist-5k", "uoft-cs/cifar10"
view x[v = 2] ~ crop(image, 28)
model f(channel, row, column -> width) = conv([8])
model g(width -> dim) = linear(4)
model r = frozen(f)
let z = unit(g(f(x)))

contrast pull:
    anchor      a in z
    positive    c in z if c.item == a.item and c.v != a.v
    negative    c in z if c.item != a.item
    similarity  dot(a, c)
    temperature tau

train on photos(batch = 64, epochs = 1):
    minimize mean(infonce(pull)) by sgd(lr = 0.1)
    r <- mix(r, f, keep = 0.9)

on photos(split = "test"):
    report knn = knn(f(image), label, k = 20)
