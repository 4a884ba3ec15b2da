spec tiny "A tiny method" "https://example.org/paper"

data clips: visual[item, time*, feature], label[item] -> class from "digit-clips"
model f(feature -> dim) = mlp([8, 4], norm = "batch")
let z = f(visual)

train on clips(batch = 40, epochs = 1):
    minimize sum(z) by sgd(lr = 0.1)
