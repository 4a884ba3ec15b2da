spec s "A sample"

import std.losses
