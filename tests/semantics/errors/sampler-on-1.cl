spec tiny "A tiny method" "https://example.org/paper"

data digits: image[item, channel, row, column], label[item] -> class from "digits-8x8"
model f(channel, row, column -> dim) = conv([8])

train on digits(batch = 20, epochs = 1):
    minimize mean(sq(f(image))) by sgd(lr = 0.1)

on digits(split = "test", sampler = quota(label)):
    report knn = knn(f(image), label, k = 20)
