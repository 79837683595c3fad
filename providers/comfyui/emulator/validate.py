"""Check a graph before it is queued, with the errors of execution.py: types, messages and where they stand."""

from collections.abc import Container
from typing import Any

from providers.comfyui.emulator.nodes import NODES

Fault = dict[str, Any]


def check_graph(graph: Any, *, uploads: Container[str]) -> dict[str, Any] | None:
    """The body of the HTTP 400 that refuses a graph, None when it can be carried out."""
    nodes = graph if isinstance(graph, dict) else {}
    for name, node in nodes.items():
        kind = node.get("class_type") if isinstance(node, dict) else None
        if kind is None:
            return _refusal(
                "invalid_prompt",
                "Cannot execute because a node is missing the class_type property.",
                f"Node ID '#{name}'",
            )
        if kind not in NODES:
            return _refusal(
                "invalid_prompt", f"Cannot execute because node {kind} does not exist.", f"Node ID '#{name}'"
            )
    ends = [name for name, node in nodes.items() if NODES[node["class_type"]].is_output]
    if not ends:
        return _refusal("prompt_no_outputs", "Prompt has no outputs", "")
    node_errors = {}
    for name in reachable(nodes, ends):
        faults = _node_faults(nodes, name, uploads)
        if faults:
            kind = nodes[name]["class_type"]
            node_errors[name] = {"errors": faults, "dependent_outputs": ends, "class_type": kind}
    if not node_errors:
        return None
    details = "\n".join(
        f"{fault['message']}: {fault['details']}" for node in node_errors.values() for fault in node["errors"]
    )
    return _refusal("prompt_outputs_failed_validation", "Prompt outputs failed validation", details, node_errors)


def reachable(nodes: dict[str, Any], ends: list[str]) -> list[str]:
    """The nodes that the ends need, each once."""
    found: list[str] = []
    waiting = list(ends)
    while waiting:
        name = waiting.pop()
        if name in found or name not in nodes:
            continue
        found.append(name)
        waiting += [value[0] for value in nodes[name].get("inputs", {}).values() if isinstance(value, list) and value]
    return found


def _refusal(kind: str, message: str, details: str, node_errors: dict[str, Any] | None = None) -> dict[str, Any]:
    error = {"type": kind, "message": message, "details": details, "extra_info": {}}
    return {"error": error, "node_errors": node_errors or {}}


def _node_faults(nodes: dict[str, Any], name: str, uploads: Container[str]) -> list[Fault]:
    kind, given = nodes[name]["class_type"], nodes[name].get("inputs", {})
    faults = []
    for key, (wanted, limits) in NODES[kind].inputs.items():
        if key not in given:
            faults.append(_fault("required_input_missing", "Required input is missing", key, key))
        elif isinstance(given[key], list):
            faults += _link_faults(nodes, key, given[key], wanted)
        elif kind == "LoadImage":
            if given[key] not in uploads:
                words = f"{key} - Invalid image file: {given[key]}"
                faults.append(_fault("custom_validation_failed", "Custom validation failed for node", words, key))
        else:
            faults += _value_faults(key, given[key], wanted, limits)
    return faults


def _link_faults(nodes: dict[str, Any], key: str, link: list[Any], wanted: Any) -> list[Fault]:
    if len(link) != 2 or link[0] not in nodes:
        words = f"{key}, must be a length-2 list of [node_id, slot_index]"
        return [
            _fault("bad_linked_input", "Bad linked input, must be a length-2 list of [node_id, slot_index]", words, key)
        ]
    outputs = NODES[nodes[link[0]]["class_type"]].outputs
    received = outputs[link[1]] if isinstance(link[1], int) and link[1] < len(outputs) else "nothing"
    if received != wanted:
        words = f"{key}, received_type({received}) mismatch input_type({wanted})"
        return [_fault("return_type_mismatch", "Return type mismatch between linked nodes", words, key)]
    return []


def _value_faults(key: str, value: Any, wanted: Any, limits: dict[str, Any]) -> list[Fault]:
    if isinstance(wanted, list):
        if value not in wanted:
            return [_fault("value_not_in_list", "Value not in list", f"{key}: '{value}' not in {wanted}", key)]
        return []
    kinds: dict[str, Any] = {"INT": int, "FLOAT": (int, float), "STRING": str}
    if wanted not in kinds or not isinstance(value, kinds[wanted]) or isinstance(value, bool):
        words = f"{key}, {value}, could not be converted to {wanted}"
        return [_fault("invalid_input_type", f"Failed to convert an input value to a {wanted} value", words, key)]
    if "min" in limits and value < limits["min"]:
        return [_fault("value_smaller_than_min", f"Value {value} smaller than min of {limits['min']}", key, key)]
    if "max" in limits and value > limits["max"]:
        return [_fault("value_bigger_than_max", f"Value {value} bigger than max of {limits['max']}", key, key)]
    return []


def _fault(kind: str, message: str, details: str, key: str) -> Fault:
    return {"type": kind, "message": message, "details": details, "extra_info": {"input_name": key}}
