spec s "A sample"

data windows[item = 32] = ett("h1", length = 257)
