spec tiny "A tiny method" "https://example.org/paper"

data digits: image[item, channel, row, column], id[item] -> sample from "digits-8x8"
state key[sample] = 0
model f(channel, row, column -> dim) = conv([8])

train on digits(batch = 20, epochs = 2):
    every 1 epochs:
        train on digits(batch = 20, sampler = together(key), epochs = 1):
            minimize mean(sq(f(image))) by sgd(lr = 0.1)
    minimize mean(sq(f(image))) by sgd(lr = 0.1)
