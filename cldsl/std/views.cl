# Views of images: draws composed of primitive stages, innermost first. Sizes are in pixels, scales are shares of the area.

def simclr(image, size, scale = (0.08, 1), flip_p = 0.5, strength = 0.5, gray_p = 0.2, blur_p = 0.5) = (
    blur(
        gray(
            jitter(
                flip(crop(image, size, scale = scale), p = flip_p), 0.8 * strength, 0.8 * strength, 0.8 * strength,
                0.2 * strength, p = 0.8
            ),
            p = gray_p
        ),
        p = blur_p
    )
)

def moco(image, size, scale = (0.2, 1), flip_p = 0.5, gray_p = 0.2, blur_p = 0.5) = (
    flip(
        blur(gray(jitter(crop(image, size, scale = scale), 0.4, 0.4, 0.4, 0.1, p = 0.8), p = gray_p), p = blur_p),
        p = flip_p
    )
)

def crop_jitter(image, size, scale = (0.2, 1), flip_p = 0.5, strength = 0.4, gray_p = 0.2) = (
    gray(
        jitter(flip(crop(image, size, scale = scale), p = flip_p), strength, strength, strength, strength, p = 1),
        p = gray_p
    )
)

def dino(image, size, scale = (0.14, 1), flip_p = 0.5, blur_p = 0.5, solarize_p = 0) = (
    solarize(
        blur(
            gray(jitter(flip(crop(image, size, scale = scale), p = flip_p), 0.4, 0.4, 0.2, 0.1, p = 0.8), p = 0.2),
            p = blur_p
        ),
        p = solarize_p
    )
)

def multi_crop(image, size, scale = (0.14, 1), flip_p = 0.5, strength = 1, blur_p = 0.5) = (
    blur(
        gray(
            jitter(
                flip(crop(image, size, scale = scale), p = flip_p), 0.8 * strength, 0.8 * strength, 0.8 * strength,
                0.2 * strength, p = 0.8
            ),
            p = 0.2
        ),
        p = blur_p
    )
)

# Grey pictures whose orientation carries meaning (digits, glyphs): no flip, a small turn, brightness and contrast.
def crop_turn(image, size, scale = (0.4, 1), degrees = 20, strength = 0.4) = (
    jitter(rotate(crop(image, size, scale = scale), degrees), strength, strength, 0, 0)
)
