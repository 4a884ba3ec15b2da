spec s "A sample"

data photos: image[item, y, x] from "mnist
