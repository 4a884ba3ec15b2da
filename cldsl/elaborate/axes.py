"""Names of axes as the tree writes them, and which a file declares."""

from __future__ import annotations

from cldsl.syntax import ast

#: Names of the clock.
CLOCK = ("step", "steps", "epoch", "epochs", "steps_per_epoch", "progress")

#: The axis of a view's geometry: y0, x0, height, width as shares of the image, and whether it is mirrored.
SIDE, SIDES = "side", 5


def axis_name(item: ast.AxisItem) -> str:
    if isinstance(item, (ast.AxisName,)):
        return item.name
    if isinstance(item, (ast.Select, ast.Slice)):
        return item.axis
    return "?"


def ragged_axes(column: ast.Column) -> int:
    """Along how many of its first axes a column's presence lies: up to its last ragged one; 0 without one."""
    return max((n for n, item in enumerate(column.axes, 1) if getattr(item, "ragged", False)), default=0)


def axis_lists(item: ast.Statement) -> list[tuple[ast.AxisItem, ...]]:
    if isinstance(item, ast.Cell):
        return [item.axes]
    if isinstance(item, ast.Draw):
        return [axes for _, axes in item.targets]
    if isinstance(item, ast.Let):
        return [item.axes]
    if isinstance(item, ast.Model):
        return [item.family]
    if isinstance(item, ast.Data):
        return [column.axes for column in item.columns]
    return []


def has_geometry(item: ast.Node) -> bool:
    """Whether it is a view that names the geometry of its crops too."""
    return isinstance(item, ast.Draw) and item.kind == "view" and len(item.targets) > 1


def axes_declared(item: ast.Statement) -> list[str]:
    """Axis names that an item brings into the file."""
    names = [
        axis_name(axis)
        for axes in axis_lists(item)
        for axis in axes
        if not isinstance(axis, (ast.Comprehension, ast.Rename, ast.Position))
    ]
    if isinstance(item, ast.Model):
        taken = [*(item.consumes or ()), *(axis for each in item.further for axis in each)]
        names += [axis_name(axis) for axis in taken]
        for out in item.produces:
            names += [out.name] if out.axes is None else [axis_name(axis) for axis in out.axes]
    if has_geometry(item):
        names.append(SIDE)
    for node in ast.walk(item):
        if isinstance(node, ast.Rename):
            names += [name for name, _ in node.new]
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.function, ast.Index)
            and isinstance(node.function.value, ast.Name)
            and node.function.value.id in ("stack", "cat")
        ):
            names += [axis_name(axis) for axis in node.function.items if isinstance(axis, ast.AxisName)]
    return names
