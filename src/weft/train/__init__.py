"""Training on tables: split, baselines, the loop, and a run folder that can be written again bit for bit."""

from ._config import RunConfig, parse_config
from ._folder import RUN_FILES, check_folder, write_files
from ._loop import Fit, fit
from ._metrics import Score, score
from ._model import FeatureClassifier, GraphClassifier
from ._options import LAYER_NAMES, LayerName, TrainOptions
from ._run import Contender, OnEpoch, Preparation, Result, load_model, metrics, prepare, save_run, train
from ._split import Split, split_nodes, stratified_split

__all__ = [
    "LAYER_NAMES",
    "RUN_FILES",
    "Contender",
    "FeatureClassifier",
    "Fit",
    "GraphClassifier",
    "LayerName",
    "OnEpoch",
    "Preparation",
    "Result",
    "RunConfig",
    "Score",
    "Split",
    "TrainOptions",
    "check_folder",
    "fit",
    "load_model",
    "metrics",
    "parse_config",
    "prepare",
    "save_run",
    "score",
    "split_nodes",
    "stratified_split",
    "train",
    "write_files",
]
