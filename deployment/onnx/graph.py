"""An ONNX graph that is written node by node."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deployment.onnx.library import onnx_library

OPSET, ML_OPSET, IR_VERSION = 18, 5, 10
"""Of ONNX 1.16 (2024). `TreeEnsemble`, which adds in float64, came with 5 of `ai.onnx.ml`."""

ML = "ai.onnx.ml"
ROWS = "rows"
"""How the number of records is called in the shapes of inputs and output."""

Name = str
"""Of a value; one is made by one node and read by any number of later ones."""


class Graph:
    """The nodes so far. Names of inner values begin with `farol:`, so no feature has one."""

    def __init__(self) -> None:
        self._onnx = onnx_library()
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._inputs: dict[Name, Any] = {}
        self._numbers = count()

    def number_input(self, name: Name) -> Name:
        """A column of float64 that is given to the model; NaN is a missing value."""
        return self._input(name, self._onnx.TensorProto.DOUBLE)

    def text_input(self, name: Name) -> Name:
        """A column of texts that is given to the model; an empty one is a missing value."""
        return self._input(name, self._onnx.TensorProto.STRING)

    @property
    def inputs(self) -> tuple[Name, ...]:
        """What the model is given, in its order."""
        return tuple(self._inputs)

    def constant(self, value: ArrayLike, kind: Any = np.float64) -> Name:
        """An array that the file holds."""
        name = self._fresh("constant")
        array: NDArray[Any] = np.asarray(value, dtype=kind)
        self._constants.append(self._onnx.numpy_helper.from_array(array, name))
        return name

    def tensor(self, values: ArrayLike, kind: Any = np.float64) -> Any:
        """An array as the attribute of a node."""
        return self._onnx.numpy_helper.from_array(np.asarray(values, dtype=kind))

    def add(self, operator: str, *given: Name, domain: str = "", **attributes: Any) -> Name:
        """One node; gives the name of what it makes."""
        return self.add_many(operator, *given, outputs=1, domain=domain, **attributes)[0]

    def add_many(
        self, operator: str, *given: Name, outputs: int, domain: str = "", **attributes: Any
    ) -> list[Name]:
        """One node that makes several values; gives their names.

        Args:
            operator: as ONNX calls it.
            given: what it reads.
            outputs: how many values it makes.
            domain: `ML` for operators of `ai.onnx.ml`.
            attributes: of the operator.
        """
        made = [self._fresh(operator) for _ in range(outputs)]
        self._nodes.append(
            self._onnx.helper.make_node(operator, [*given], made, domain=domain, **attributes)
        )
        return made

    def cast(self, value: Name, kind: Any) -> Name:
        """The value in another type of NumPy's."""
        code = self._onnx.helper.np_dtype_to_tensor_dtype(np.dtype(kind))
        return self.add("Cast", value, to=code)

    def between(self, value: Name, low: Name, high: Name) -> Name:
        """The value, or the end of a range that it lies beyond."""
        return self.add("Min", self.add("Max", value, low), high)

    def model(self, result: Name, called: Name, about: Mapping[str, str]) -> bytes:
        """The file.

        Args:
            result: the value that is answered, float64 of shape (rows, 1).
            called: its name outside.
            about: what the file tells of itself besides.
        """
        make, kinds = self._onnx.helper, self._onnx.TensorProto
        self._nodes.append(make.make_node("Identity", [result], [called]))
        graph = make.make_graph(
            self._nodes,
            "farol",
            list(self._inputs.values()),
            [make.make_tensor_value_info(called, kinds.DOUBLE, [ROWS, 1])],
            self._constants,
        )
        model = make.make_model(
            graph,
            producer_name="farol",
            ir_version=IR_VERSION,
            opset_imports=[make.make_opsetid("", OPSET), make.make_opsetid(ML, ML_OPSET)],
        )
        make.set_model_props(model, dict(about))
        self._onnx.checker.check_model(model)
        data: bytes = model.SerializeToString(deterministic=True)
        return data

    def _input(self, name: Name, kind: int) -> Name:
        if name not in self._inputs:
            self._inputs[name] = self._onnx.helper.make_tensor_value_info(name, kind, [ROWS, 1])
        return name

    def _fresh(self, about: str) -> Name:
        return f"farol:{about}_{next(self._numbers)}"
