"""Names of a spec as Python names: validated, never a keyword, never one of the runtime's, unique where they stand.

Input: any text. Output: an `Identifier`, or a NameRefused for text that is no ASCII identifier. Nothing else of a spec may
become code: other texts are printed through repr().
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable

_PATTERN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")

#: Names that an emitted file uses itself.
RESERVED = frozenset(
    "self torch rt batch data clock draws now Program _ abs bool dict float int len list max min print range round "
    "set slice str sum super tuple type zip any all".split()
)

#: Attributes of nn.Module and of the program's base class: a spec's module or tensor must not replace them.
TAKEN = frozenset(
    "T_destination add_module apply bfloat16 buffers build call_super_init children compile cpu cuda device double dump_patches eval "
    "extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half ipu link load_state_dict modules mtia "
    "named_buffers named_children named_modules named_parameters parameters phases register_backward_hook register_buffer "
    "register_forward_hook register_forward_pre_hook register_full_backward_hook register_full_backward_pre_hook "
    "register_load_state_dict_post_hook register_load_state_dict_pre_hook register_module register_parameter "
    "register_state_dict_post_hook register_state_dict_pre_hook requires_grad_ run seed set_extra_state set_submodule share_memory spec "
    "state_dict streams title to to_empty train training type xpu zero_grad assign advance minimize minimize_all mix optimiser "
    "optimisers pointers precision held optimizer names push state learn copies compiled dtype loss log tensors rows".split()
)


class NameRefused(Exception):
    """A text that cannot become a Python name."""


class Identifier(str):
    """An ASCII Python name that is no keyword and does not start with an underscore."""

    __slots__ = ()

    def __new__(cls, text: str) -> Identifier:
        if not _PATTERN.match(text):
            raise NameRefused(f"{text!r} is no name: letters, digits and _ only, no digit first")
        if keyword.iskeyword(text) or text.startswith("_"):
            raise NameRefused(f"{text!r} cannot be a name in the emitted program")
        return super().__new__(cls, text)


def identifier(text: str, taken: Iterable[str] = ()) -> Identifier:
    """The name for this text: `n_` before a leading underscore, `_` after a keyword or a taken name. Raises NameRefused."""
    if not _PATTERN.match(text):
        raise NameRefused(f"{text!r} is no name: letters, digits and _ only, no digit first")
    name = f"n_{text.lstrip('_')}" if text.startswith("_") else text
    blocked = frozenset(taken)
    while keyword.iskeyword(name) or name in blocked:
        name += "_"
    return Identifier(name)


class Names:
    """The names of one scope: each text keeps its name, another text never gets the same one."""

    def __init__(self, taken: Iterable[str] = RESERVED) -> None:
        self._taken = set(taken)
        self._known: dict[str, Identifier] = {}

    def of(self, text: str) -> Identifier:
        """The name of this text, the same at each call; a dot becomes `_`."""
        if text not in self._known:
            self._known[text] = self.fresh(text)
        return self._known[text]

    def fresh(self, text: str) -> Identifier:
        """A name like this text that nothing else in the scope has: x, x_2, x_3 ..."""
        base = identifier(text.replace(".", "_"), RESERVED)
        name, number = base, 1
        while name in self._taken:
            number += 1
            name = Identifier(f"{base}_{number}")
        self._taken.add(name)
        return name
