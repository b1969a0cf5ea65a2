"""Runs exported files in the runtimes of Python and prints the largest difference to what the app computes. Usage: check-exports.py FOLDER

Beside NAME.tflite, NAME.int8.tflite, NAME.onnx and NAME.mlmodel lie NAME.input (raw values) and NAME.json (outputs by name).
"""

import json
import os
import sys
import zipfile
from glob import glob

import mediapipe as mp
import numpy as np
import onnx
import onnxruntime
from ai_edge_litert.interpreter import Interpreter
from coremltools.proto import Model_pb2
from mediapipe.tasks import python
from mediapipe.tasks.python import audio, vision
from mediapipe.tasks.python.components import containers

# Largest difference that is rounding; weights of 8 bits are another model.
ROUNDING, EIGHT_BITS = 1e-4, 5e-2
failures = 0


def tell(name, runtime, difference, bound):
    global failures
    good = difference <= bound
    failures += not good
    print(f"{'ok  ' if good else 'FAIL'} {name}: {runtime} {difference:.1e}")


def largest(found, wanted):
    return max(float(np.abs(np.asarray(found[key]).ravel() - np.asarray(values)).max()) for key, values in wanted.items())


def litert(path, raw, wanted):
    interpreter = Interpreter(path)
    interpreter.allocate_tensors()
    given = interpreter.get_input_details()[0]
    interpreter.set_tensor(given["index"], np.frombuffer(raw, given["dtype"]).reshape(given["shape"]))
    interpreter.invoke()
    return largest({out["name"]: interpreter.get_tensor(out["index"]) for out in interpreter.get_output_details()}, wanted)


def onnx_runtime(path, raw, wanted, is_bytes):
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(path)
    given = session.get_inputs()[0]
    values = np.frombuffer(raw, np.uint8 if is_bytes else np.float32).astype(np.float32).reshape(given.shape)
    names = list(wanted)
    return largest(dict(zip(names, session.run(names, {given.name: values}))), wanted)


def golden(path):
    """The pair inside a file: what its own formula, run by the official runtime, must give."""
    if path.endswith(".onnx"):
        text = {entry.key: entry.value for entry in onnx.load(path).metadata_props}["golden.json"]
    else:
        text = zipfile.ZipFile(path).read("golden.json")
    pair = json.loads(text)
    values = eval(pair["input"]["formula"], {"i": np.arange(np.prod(pair["input"]["shape"]), dtype=np.int64)})
    assert np.allclose(values[: len(pair["input"]["first"])], pair["input"]["first"])
    values = values.astype(np.uint8 if pair["input"]["type"] == "uint8" else np.float32)
    shape = pair["input"]["shape"]
    if path.endswith(".onnx"):
        session = onnxruntime.InferenceSession(path)
        names = [out.name for out in session.get_outputs()]
        given = session.get_inputs()[0]
        found = dict(zip(names, session.run(names, {given.name: values.astype(np.float32).reshape(given.shape)})))
    else:
        interpreter = Interpreter(path)
        interpreter.allocate_tensors()
        given = interpreter.get_input_details()[0]
        interpreter.set_tensor(given["index"], values.astype(given["dtype"]).reshape(shape))
        interpreter.invoke()
        found = {out["name"]: interpreter.get_tensor(out["index"]) for out in interpreter.get_output_details()}
    most = 0
    for stage in pair["outputs"]:
        all_values = np.asarray(found[stage["name"]]).ravel()
        most = max(most, float(np.abs(all_values[: len(stage["first"])] - stage["first"]).max()), abs(float(all_values.mean()) - stage["mean"]))
    return most, pair["tolerance"]


def core_ml(path, wanted):
    """Nothing on this machine runs Core ML: the file is read by its published schema, and what an app asks of it is looked up."""
    model = Model_pb2.Model.FromString(open(path, "rb").read())
    description = model.description
    outputs = [output.name for output in description.output]
    kind = model.WhichOneof("Type")
    labels = ["dog", "cat", "bird"]
    if "location" in wanted:
        detector, suppression = model.pipeline.models
        assert kind == "pipeline" and outputs == ["confidence", "coordinates"], outputs
        assert list(suppression.nonMaximumSuppression.stringClassLabels.vector) == labels
        network = detector.neuralNetwork
        assert {out.name for out in detector.description.output} == {"raw_confidence", "raw_coordinates"}
    else:
        assert outputs == ["classLabel", "classLabelProbs"], outputs
        assert description.predictedFeatureName == "classLabel"
        inner = model.pipelineClassifier.pipeline.models[0] if kind == "pipelineClassifier" else model
        network = inner.neuralNetworkClassifier
        assert list(network.stringClassLabels.vector) == labels
        assert network.labelProbabilityLayerName in {name for layer in network.layers for name in layer.output}
    known = {feature.name for feature in description.input}
    for layer in network.layers:
        assert layer.WhichOneof("layer"), layer.name
        assert all(name in known for name in layer.input), f"{layer.name} reads what is not computed"
        known.update(layer.output)
    assert description.metadata.author == "Ada" and {"preprocessing.json", "golden.json"} <= set(description.metadata.userDefined)
    # Written again by the official library it is the same model: no field is unknown.
    assert Model_pb2.Model.FromString(model.SerializeToString()) == model
    return len(network.layers)


def mediapipe(path, raw, wanted):
    base = python.BaseOptions(model_asset_path=path)
    labels = ["dog", "cat", "bird"]
    interpreter = Interpreter(path)
    given = interpreter.get_input_details()[0]
    if given["name"].startswith("samples"):
        with audio.AudioClassifier.create_from_options(audio.AudioClassifierOptions(base_options=base)) as task:
            samples = np.frombuffer(raw, np.float32)
            rate = 32000 if "mn04" in path else 16000
            categories = task.classify(containers.AudioData.create_from_array(samples, rate))[0].classifications[0].categories
    elif given["name"].startswith("picture") and "scores" in wanted:
        side = given["shape"][1]
        pixels = np.frombuffer(raw, np.float32).reshape(side, side, 3).astype(np.uint8)
        with vision.ImageClassifier.create_from_options(vision.ImageClassifierOptions(base_options=base)) as task:
            image = mp.Image(image_format=mp.ImageFormat.SRGB, data=pixels)
            categories = task.classify(image).classifications[0].categories
    elif given["name"].startswith("picture"):
        side = given["shape"][1]
        kind = np.uint8 if given["dtype"] == np.uint8 else np.float32
        pixels = np.frombuffer(raw, kind).reshape(side, side, 3).astype(np.uint8)
        options = vision.ObjectDetectorOptions(base_options=base, score_threshold=0.0001, max_results=1)
        with vision.ObjectDetector.create_from_options(options) as task:
            found = task.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=pixels)).detections
        return abs(found[0].categories[0].score - max(wanted["score"]))
    else:
        return None
    scores = {category.category_name: category.score for category in categories}
    return max(abs(scores[label] - wanted["scores"][i]) for i, label in enumerate(labels))


for path in sorted(glob(os.path.join(sys.argv[1], "*.json"))):
    base = path[: -len(".json")]
    name = os.path.basename(base)
    wanted = json.load(open(path))
    raw = open(base + ".input", "rb").read()
    tell(name, "LiteRT", litert(base + ".tflite", raw, wanted), ROUNDING)
    tell(name, "LiteRT, 8 bit", litert(base + ".int8.tflite", raw, wanted), EIGHT_BITS)
    is_bytes = Interpreter(base + ".tflite").get_input_details()[0]["dtype"] == np.uint8
    tell(name, "ONNX Runtime", onnx_runtime(base + ".onnx", raw, wanted, is_bytes), ROUNDING)
    print(f"ok   {name}: Core ML {core_ml(base + '.mlmodel', wanted)} layers, read by the published schema")
    for suffix in (".tflite", ".int8.tflite", ".onnx"):
        tell(name, f"golden pair of {suffix}", *golden(base + suffix))
    for snippet in (base + '.tflite.py', base + '.onnx.py'):
        found = {}
        exec(compile(open(snippet).read(), snippet, 'exec'), found)
        assert np.isfinite(found['scores']).all(), snippet
    difference = mediapipe(base + ".tflite", raw, wanted)
    if difference is not None:
        tell(name, "MediaPipe", difference, 1e-2)
sys.exit(1 if failures else 0)
