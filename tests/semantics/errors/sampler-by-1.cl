spec tiny "A tiny method" "https://example.org/paper"

data digits: image[item, channel, row, column], label[item] -> class, id[item] -> sample from "digits-8x8"
state key[sample] = 0, other[class, sample] = 0
model f(channel, row, column -> dim) = conv([8])
let e = f(image)

train on digits(batch = 20, sampler = quota(), epochs = 1):
    minimize mean(sq(e)) by sgd(lr = 0.1)

on digits(split = "test"):
    report knn = knn(e, label, k = 20)
