"""The graph by which onnxruntime computes the contextual model: `graph.onnx`, without any of its numbers.

Rows of tokens come in, one text at a time; one vector goes out. Products are of bytes: what comes in is rounded as it
comes, the matrices are rounded when the hub loads them (`knowledge_base.contextual.initializers`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from knowledge_base import minilm

EPSILON = 1e-12
_OWN = "com.microsoft"  # onnxruntime's own operators
_TYPES = {"float32": TensorProto.FLOAT, "int8": TensorProto.INT8}


def write(path: Path, numbers: dict[str, NDArray[np.generic]]) -> None:
    """Writes the graph for `numbers`, of which only names and shapes go into it."""
    graph = _Graph(numbers)
    rows = helper.make_tensor_value_info("rows", TensorProto.FLOAT, [1, "tokens", minilm.WIDTH])
    vector = helper.make_tensor_value_info("vector", TensorProto.FLOAT, [1, minilm.WIDTH])
    graph.model()
    made = helper.make_graph(graph.nodes, "contextual", [rows], [vector], graph.initializers)
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid(_OWN, 1)]
    path.write_bytes(helper.make_model(made, opset_imports=opsets, ir_version=9).SerializeToString())


class _Graph:
    def __init__(self, numbers: dict[str, NDArray[np.generic]]) -> None:
        self._numbers = numbers
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def model(self) -> None:
        """The whole of it, from `rows` to `vector`."""
        norm = "embeddings.LayerNorm"
        gain = self._numbers_of(f"{norm}.weight"), self._numbers_of(f"{norm}.bias")
        (state,) = self._node("LayerNormalization", ["rows", *gain], domain="", axis=-1, epsilon=EPSILON)
        for layer in range(minilm.LAYERS):
            state = self._layer(layer, state)
        axis = self._constant("tokens", 1)
        self.nodes.append(helper.make_node("ReduceMean", [state, axis], ["vector"], keepdims=0))

    def _layer(self, layer: int, state: str) -> str:
        def key(name: str) -> str:
            return minilm.linear(layer, name)

        packed = self._product(key("attention.self"), state)
        parts = self._node("Split", [packed], outputs=3, domain="", axis=-1, num_outputs=3)
        (seen,) = self._node("MultiHeadAttention", parts, num_heads=minilm.HEADS)
        state = self._added(
            key("attention.output.LayerNorm"), self._product(key("attention.output.dense"), seen), state
        )
        (wide,) = self._node("Gelu", [self._product(key("intermediate.dense"), state)])
        return self._added(key("output.LayerNorm"), self._product(key("output.dense"), wide), state)

    def _product(self, key: str, state: str) -> str:
        if f"{key}.shrink" in self._numbers:
            (state,) = self._node("Mul", [state, self._numbers_of(f"{key}.shrink")], domain="")
        parts = [self._numbers_of(f"{key}.{part}") for part in ("weight", "scale")]
        # The input between the two would be the matrix' zero, which is zero.
        (product,) = self._node("DynamicQuantizeMatMul", [state, *parts, "", self._numbers_of(f"{key}.bias")])
        return product

    def _added(self, norm: str, new: str, state: str) -> str:
        gain = self._numbers_of(f"{norm}.weight"), self._numbers_of(f"{norm}.bias")
        (added,) = self._node("SkipLayerNormalization", [new, state, *gain], epsilon=EPSILON)
        return added

    def _node(self, kind: str, inputs: list[str], outputs: int = 1, domain: str = _OWN, **settings: Any) -> list[str]:
        names = [f"{len(self.nodes)}.{output}" for output in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, domain=domain, **settings))
        return names

    def _numbers_of(self, name: str) -> str:
        """Says that there are numbers of this name, type and shape, to be had elsewhere."""
        array = self._numbers[name]
        tensor = onnx.TensorProto(name=name, data_type=_TYPES[str(array.dtype)], dims=array.shape)
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="given-by-the-hub")
        self.initializers.append(tensor)
        return name

    def _constant(self, name: str, value: int) -> str:
        self.initializers.append(helper.make_tensor(name, TensorProto.INT64, [1], [value]))
        return name
