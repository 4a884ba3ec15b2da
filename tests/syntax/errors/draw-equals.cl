spec s "A sample"

draw x0 = crop(image)
