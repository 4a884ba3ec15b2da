"""The whole file: what it is, the program's class with its facts and methods, and how to run it.

Input: a ProgramPlan and the level of optimisation it was made at. Output: Python text. The skeleton is
templates/program.py.j2, which receives finished lines; every text of the spec has become a constant or a comment
before.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template

from cldsl import __version__
from cldsl.codegen.functions import program_method
from cldsl.codegen.printer import comment_text, docstring, joined, lines_of
from cldsl.codegen.scope import Scope
from cldsl.codegen.sections.build import build
from cldsl.codegen.sections.draws import draws
from cldsl.codegen.sections.evaluation import Evaluation
from cldsl.codegen.sections.step import Step
from cldsl.codegen.statements import Assign, Define, Expression, Listed, Literal, Mapped, Statement, call, name
from cldsl.codegen.strips import strip_texts
from cldsl.graph.nodes import topological
from cldsl.graph.plan import Minimize, OnPlan, ProgramPlan, SamplerPlan, StreamPlan, TrainPlan, flattened

_TEMPLATES = Path(__file__).parent / "templates"
WIDTH = 116


def program_text(plan: ProgramPlan, level: int) -> str:
    """The file of a plan. Raises NameRefused, NotScalar, GraphError for a plan that cannot be written."""
    scope = Scope(plan)

    def frozen(model: str) -> bool:
        return scope.frozen(model) is not None

    methods = [build(scope)]
    for phase in plan.phases:
        methods += _training(scope, phase) if isinstance(phase, TrainPlan) else _evaluation(scope, phase)
    parts = {
        "head": joined(docstring(_head(plan, level))),
        "doc": joined(docstring(_line(plan.title) or plan.name, "    ")),
        "strips": strip_texts([(name, visit) for visit, name in scope.strips.items()], scope.family, frozen),
        "facts": joined(lines_of(_facts(scope), 1)),
        "methods": [joined(lines_of([method], 1)) for method in methods],
    }
    return _template().render(parts).rstrip() + "\n"


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)
    return environment.from_string((_TEMPLATES / "program.py.j2").read_text(encoding="utf-8"))


def _training(scope: Scope, phase: TrainPlan) -> list[Define]:
    found: list[Define] = []
    written = None
    if phase.draws:
        written = scope.attributes.fresh(f"draws_{phase.name}")
        found.append(draws(scope, phase, written))
    steps = [action for action in flattened(phase.actions) if isinstance(action, Minimize)]
    minimised = {term.function for step in steps for term in step.terms}
    for function in phase.functions:
        method = scope.method(phase.name, function.name)
        found.append(program_method(function, method, scope.surroundings, minimised=function.name in minimised))
    found.append(Step(scope, phase, written).define())
    return found


def _evaluation(scope: Scope, phase: OnPlan) -> list[Define]:
    functions = [
        program_method(function, scope.method(phase.name, function.name), scope.surroundings, chunked=True)
        for function in phase.functions
    ]
    if not phase.draws:
        return [*functions, Evaluation(scope, phase).define()]
    written = scope.attributes.fresh(f"draws_{phase.name}")
    return [draws(scope, phase, written), *functions, Evaluation(scope, phase, written).define()]


# ---- the head of the file


def _line(text: str) -> str:
    return comment_text(text)


def _head(plan: ProgramPlan, level: int) -> str:
    """Name, title and link; how the file was made; the axes."""
    variant = f"variant {plan.variant}, " if plan.variant else ""
    made = f"Compiled by cldsl {__version__} from {plan.file.rsplit('/', 1)[-1]} ({variant}-O{level})"
    params = ", ".join(f"{key} = {value}" for key, value in plan.params)
    lines = [f"{plan.name}: {plan.title} {plan.link}".rstrip(), *_wrapped(f"{made}{'; ' + params if params else ''}.")]
    axes = _axes(plan)
    if axes:
        lines += _wrapped(f"Axes: {', '.join(axes)}.")
    return "\n".join(_line(line) for line in [*lines, *plan.notes])


def _wrapped(text: str) -> list[str]:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) + 1 > WIDTH:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _axes(plan: ProgramPlan) -> list[str]:
    """Every axis that an input of a function has, with its sizes where the plan knows them."""
    sizes: dict[str, list[int]] = {}
    for phase in plan.phases:
        for function in phase.functions:
            for node in topological(each for _, each in function.outputs):
                if node.op != "input":
                    continue
                for axis in node.axes:
                    known = sizes.setdefault(axis.name, [])
                    if axis.size is not None and axis.size not in known:
                        known.append(axis.size)
    return [f"{axis} = {' or '.join(map(str, known))}" if known else axis for axis, known in sizes.items()]


# ---- the class' facts


def _facts(scope: Scope) -> list[Statement]:
    plan = scope.plan
    facts: list[Statement] = [
        Assign((name("spec"),), Literal(plan.name)),
        Assign((name("title"),), Literal(plan.title)),
        Assign((name("link"),), Literal(plan.link)),
        Assign((name("fixed_batch"),), Literal(True)),
        Assign((name("streams"),), Mapped(tuple((stream.name, _stream(stream)) for stream in plan.streams))),
        Assign((name("phases"),), Listed("tuple", tuple(_phase(scope, phase) for phase in plan.phases))),
    ]
    renamed = scope.renamed()
    if renamed:
        facts.append(Assign((name("names"),), Literal(renamed)))
    return facts


def _stream(stream: StreamPlan) -> Expression:
    columns = {column.name: column.name for column in stream.columns}
    named: dict[str, Expression] = {"default": Literal(stream.default)}
    if stream.production is not None:
        named["production"] = Literal(stream.production)
    named["columns"] = Literal(columns)
    ragged = {
        column.name: tuple(axis.size for axis in column.axes[1 : column.ragged])
        for column in stream.columns
        if column.ragged
    }
    if ragged:
        named["ragged"] = Literal(ragged)
    return call("rt.Stream", **named)


def _phase(scope: Scope, phase: TrainPlan | OnPlan) -> Expression:
    method = Literal(str(scope.method(phase.name)))
    options = Literal(dict(phase.options))
    line = Literal(phase.span.short)
    if isinstance(phase, TrainPlan):
        inner = {"inner": Literal(True)} if phase.inner else {}
        chosen = {} if phase.sampler is None else {"sampler": _sampler(scope, phase.sampler)}
        beside = {"beside": Literal({name: dict(own) for name, own in phase.beside})} if phase.beside else {}
        return call("rt.Train", method, Literal(phase.stream), options=options, line=line, **inner, **chosen, **beside)
    facts = {"writes": bool(phase.assigns), "inner": phase.inner}
    told = {key: Literal(True) for key, value in facts.items() if value}
    return call("rt.Evaluate", method, Literal(phase.stream), options=options, line=line, **told)


def _sampler(scope: Scope, sampler: SamplerPlan) -> Expression:
    named: dict[str, Expression] = {}
    if sampler.table is not None:
        named["table"] = Literal(str(scope.attribute(sampler.table)))
    if sampler.options:
        named["options"] = Literal(dict(sampler.options))
    return call("rt.Sampler", Literal(sampler.entry), Literal(sampler.by), **named)
