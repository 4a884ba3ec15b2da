spec tiny "A tiny method" "https://example.org/paper"

data digits: image[item, channel, row, column], label[item] -> class from "digits-8x8"
model f[v = 2](channel, row, column -> width) = conv([8])
model g(width -> dim) = linear(4)
let e = f[v](image)
let other = g(f(image))

train on digits(batch = 20, epochs = 1):
    minimize mean(e) + mean(other) by sgd(lr = 0.1)

on digits(split = "test"):
    report knn = knn(e, label, k = 20)
