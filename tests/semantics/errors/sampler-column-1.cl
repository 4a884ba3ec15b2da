spec tiny "A tiny method" "https://example.org/paper"

data digits: image[item, channel, row, column], label[item] -> class from "digits-8x8"
model f(channel, row, column -> dim) = conv([8])
let e = f(image)
let S = e if support

train on digits(sampler = episodes(label, way = 5, shot = 1, ask = 1), steps = 10):
    minimize mean(sq(S)) by sgd(lr = 0.1)

on digits(split = "test"):
    report knn = knn(S, label, k = 20)
