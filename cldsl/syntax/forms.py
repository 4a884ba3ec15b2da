"""Forms of other languages and habits, each with what is meant here. Data only.

A form applies when its pattern matches the code of the line (texts blanked, comment removed) and the place of the error
lies on the match: so a hint never answers for another part of the line. `{name}` in a mend is a group of the pattern.
"""

from __future__ import annotations

from typing import NamedTuple


class Form(NamedTuple):
    pattern: str
    reason: str
    mend: str


_ONE_LINE = "a statement ends with its line; only brackets span lines"

FORMS = tuple(
    Form(*each)
    for each in (
        # ---- whole statements, recognised by their first word
        (r"^\s*paper\b.*", "the paper is named where the spec is", 'write `spec NAME "TITLE" "arXiv:..."`'),
        (
            r"^\s*contrast\s+\w+.*?\bfor\b",
            "rows are bound by lines of the contrast",
            "write `anchor a in z` on a line of its own",
        ),
        (r"^\s*update\b\s*\w*", "`<-` alone is the statement", "write `Q <- ...`"),
        (
            r"^\s*evaluate\b\s*\S*",
            "evaluation is a block over a stream",
            'write `on photos(split = "test"):` and `report` lines',
        ),
        (r"^\s*show\b\s*\S*", "what is measured is reported", "write `report NAME = ...`"),
        (
            r"^\s*loss\b\s*\S*",
            "a contrast is a relation; its loss is applied outside",
            "write `minimize mean(infonce(NAME))`",
        ),
        (
            r"^\s*candidates?\b\s*\S*",
            "each role has its own source",
            "write `positive c in S if P` and `negative c in S if P`",
        ),
        (r"^\s*ignore\b\s*\S*", "a pair in no line is ignored", "remove the line"),
        (r"^\s*then\b\s*\S*", "statements run in the order of the text", "remove the line"),
        (r"^\s*run\b\s*\S*", "training is a `train` block", "write `train on STREAM(batch = ..., epochs = ...):`"),
        (r"^\s*(stage|phase)\b\s*\S*", "stages are `train` blocks in order", "write `train NAME on STREAM:`"),
        (r"^\s*for\s+\w+", "repetition is a `loop`", "write `loop i in SOURCE:`"),
        (r"^\s*while\b\s*\S*", "repetition is a `loop`", "write `loop i in SOURCE if P:`"),
        (r"^\s*(if|elif)\b\s*\S*", "a choice is an expression", "write `... if P else ...`"),
        (r"^\s*return\b\s*\S*", "the last line of a `def` is its value", "remove `return`"),
        (r"^\s*(import|include)\b\s*\S*", "definitions are imported by `use`", "write `use std.losses (infonce)`"),
        (r"^\s*use\s+[\w.]+\s*$", "the names that are used are listed", "write `use std.losses (infonce)`"),
        (r"^\s*print\b\s*\S*", "what is measured is reported", "write `report NAME = ...`"),
        (
            r"^\s*data\s+\w+\s*(\[|=|\()",
            "data is declared by its columns and sources; the batch belongs to `train on`",
            'write `data NAME: image[item, y, x], label[item] -> class from "SOURCE"`',
        ),
        (
            r"^\s*model\s+\w+\s*\([^>]*\)",
            "the signature of a model names the axes it consumes and produces; its body is an expression",
            "write `model NAME(channel -> dim) = mlp(...)`",
        ),
        (r"^\s*train\s*\(", "a `train` block names its stream", "write `train on STREAM(batch = ..., epochs = ...):`"),
        (
            r"^\s*train\s+\w+\s*\(",
            "a `train` block names its stream after `on`",
            "write `train on STREAM(batch = ..., epochs = ...):`",
        ),
        (
            r"^\s*(variant|contrast|spec)\s+\w+\s+(of|extends|is)\b",
            "what is inherited follows `from`",
            "write `from` for `{2}`",
        ),
        (
            r"^\s*claim\s+\w+\s*([<>]=?|~|\().*",
            "a claim orders variants by a report",
            "write `claim NAME: baseline < this`",
        ),
        (
            r"^\s*claim\s.*[<>]=?.*",
            "a claim orders variants by `<`, `<=` or `~`, the worse one first",
            "write `claim NAME: baseline < this`",
        ),
        (r"^\s*view\s+\w+\s+in\b", "a view names the value it draws", "write `view x[v = 2] ~ simclr(image)`"),
        (
            r"^\s*let\s+(?P<name>\w+)\s*(\[[^\]]*\])?\s*\(",
            "a formula with parameters is a `def`",
            "write `def {name}(...) = ...`",
        ),
        (
            r"^\s*let\s[^=~]*(=[^=~]*[\],][^=~]*)*~",
            "a random value is a `draw`",
            "write `draw NAME[axes] ~ DISTRIBUTION`",
        ),
        (
            r"^\s*let\s+\w+\s*(\[[^\]]*\])?\s*,",
            "each name of a `let` has its own value",
            "write `let a = ..., b = ...`",
        ),
        (r"^\s*let\s+\w+\s*<-", "a `let` is a formula; `<-` alone is a statement", "write `NAME <- ...`"),
        (r"^\s*let\s+\w+\s*:", "a `let` has no type and no block", "write `let NAME = ...`"),
        (
            r"^\s*(draw|view)\s[^~]*?=",
            "a random value follows `~`; a formula is a `let`",
            "write `{1} NAME ~ DISTRIBUTION`",
        ),
        (
            r"^\s*(anchor|positive|negative|logit|similarity|temperature)\s*[=:]",
            "the body of a line of a contrast follows its word",
            "write `{1} ...`",
        ),
        (
            r"(^\s*param|,)\s+(?P<name>\w+)\s*(?P<bound>[<>]=?\s*-?[\w.]+)(?=\s*=(?!=))",
            "bounds follow the type",
            "write `{name}: real {bound} = ...`",
        ),
        (r"^\s*param\s+(?P<name>\w+)\s+in\b", "a range follows the type", "write `{name}: int in 1 .. 5 = ...`"),
        (r"^\s*param\s.*?(?P<name>\w+)\s*:\s*\w+[^=,]*$", "a param has a value", "write `{name}: ... = VALUE`"),
        (
            r"^\s*(?P<name>[A-Za-z_]\w*)\s*=(?!=)",
            "a formula is named by `let`; a state is moved by `<-`",
            "write `let {name} = ...` or `{name} <- ...`",
        ),
        (
            r"^\s*(?P<name>[A-Za-z_]\w*)\s*(?P<op>[-+*/])=",
            "a state is moved by `<-`",
            "write `{name} <- {name} {op} ...`",
        ),
        (
            r"^\s*(by|over|else|and|or|weight|top)\b.*",
            _ONE_LINE,
            "move `{1} ...` to the line above, or put the expression in parentheses",
        ),
        (r"^\s*([+*/|<>=.,]|-(?![\d>])).*", _ONE_LINE, "put the expression in parentheses"),
        # ---- parts of a line
        (r"\\", _ONE_LINE, "put the expression in parentheses"),
        (r"\bkept\b", "a tensor is projected where it is assigned", "write `C <- unit(C)` below `minimize`"),
        (r"\beach\s+run\b", "what is made once is a state", "write `state NAME = ...` above `train`"),
        (r"\beach\b", "a clock is a block", "write `every 1 epoch:` and indent the lines below it"),
        (r"\bevery\b", "a clock is a block", "write `every 10 epochs:` and indent the lines below it"),
        (r"\bwhen\b", "a guard is a filter", "write `over C if step >= n`, or `X <- e if P else X`"),
        (
            r"\d\s+(epochs?|steps?|seeds?|runs?)\b",
            "a number has no unit",
            "write the number alone, and compare it with `epoch` or `step`",
        ),
        (r"(?<![\w\])])'", "texts stand in double quotes", 'write `"..."`'),
        (
            r"'",
            "there is no prime: order is the clock",
            "write the statement that moves it above the one that reads it",
        ),
        (r'"', "a text ends in the line where it begins", "close the quote"),
        (r"\bfor\b", "rows are bound by `in`", "write `c in SOURCE if P`"),
        (r"\bas\b", "renaming is `->`", "write `x[a -> b]`"),
        (r"\bis\b(\s+not\b)?", "values are compared with `==` or `!=`", "write `==` or `!=`"),
        (r"\bnot\s+in\b", "`in` has no negated form", "write `not (a in S)`"),
        (r"\blambda\b\s*\w*", "a function is a `def`", "write `def NAME(x) = ...`"),
        (r"\bwith\b", "options are named arguments", "write `f(x, NAME = VALUE)`"),
        (r"\*\*", "the power is `^`", "write `x^2`"),
        (r"&&?", "conditions are joined by words", "write `and`"),
        (r"\|\|", "conditions are joined by words", "write `or`"),
        (r"!(?!=)", "a condition is negated by a word", "write `not`"),
        (r"<>", "values are compared with `==` or `!=`", "write `!=`"),
        (r"@", "a product over an axis is named", "write `dot(a, b)` or `dot[axis](a, b)`"),
        (r":=", "a formula is named by `let`; a state is moved by `<-`", "write `=` or `<-`"),
        (r"(==|!=|[<>]=?)[^<>=!,()]*([<>]=?|==|!=)", "comparisons do not chain", "write `a <= x and x <= b`"),
        (r"//", "`/` divides; whole parts are taken by `floor`", "write `floor(a / b)`"),
        (r";", "one line is one statement", "start a new line"),
        (r"(?<![\w\])])\.\d+", "a number begins with a digit", "write `0.5`"),
        (r"\[[^\]=]*:", "a slice names its axis", "write `x[time = 1 : 5]`"),
        (r":\s*[A-Za-z_]\w*", "the lines of a block stand below it", "start a new line after `:` and indent it"),
        (r"[?$`]", "no construct has this character", "remove it"),
    )
)
