"""Training from a YAML file: what ``training/train.py`` runs."""

from __future__ import annotations

import dataclasses
import logging
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml  # type: ignore[import-untyped]
from jsonargparse import get_loader, set_loader
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import EarlyStopping, LearningRateMonitor, ModelCheckpoint
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI, SaveConfigCallback
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from torch import Tensor
from typing_extensions import override

from geoclip_core.errors import TrainingError
from geoclip_core.files import atomic, write_json, write_text
from geoclip_core.learning.aliases import with_new_class_paths
from geoclip_core.learning.data.datamodule import GeoData
from geoclip_core.learning.data.photos import PhotoPairs
from geoclip_core.learning.data.table import count_reasons, listed_rows
from geoclip_core.learning.run.checkpoints import AtomicCheckpoints, LastCheckpoint
from geoclip_core.learning.run.module import GeoLearner
from geoclip_core.learning.run.provenance import provenance
from geoclip_core.learning.run.tower import load_clip
from geoclip_core.model.backbones.digest import tower_digest

States = Callable[[str], Mapping[str, Tensor]]
"""From a name that a person gives (a path, ``auto``, a model's name) to a state dict."""

_log = logging.getLogger(__name__)


_read_yaml = get_loader("yaml")
set_loader("yaml", lambda text: _read_yaml(with_new_class_paths(text)), (yaml.YAMLError,))


class _Parser(LightningArgumentParser):
    """Reads class paths on the command line that were saved before a class moved."""

    @override
    def parse_args(self, args: Sequence[str] | None = None, *more: Any, **named: Any) -> Any:  # type: ignore[override]
        """Parse a command line; see the base class."""
        words = sys.argv[1:] if args is None else args
        return super().parse_args([with_new_class_paths(word) for word in words], *more, **named)


class _SaveRun(SaveConfigCallback):
    """Saves the resolved configuration and the provenance in the run's folder."""

    @override
    def save_config(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Write ``config.yaml``, ``run.json`` and ``gallery.npy``: settings, provenance and gallery of a run."""
        if stage != "fit":
            return
        folder = Path(trainer.default_root_dir)
        write_text(folder / "config.yaml", self.parser.dump(self.config))
        if isinstance(pl_module, GeoLearner):
            write_json(folder / "run.json", pl_module.provenance)
            with atomic(folder / "gallery.npy") as part, part.open("wb") as stream:
                np.save(stream, trainer.datamodule.gallery)  # type: ignore[attr-defined]


class TrainingCLI(LightningCLI):
    """LightningCLI with this pipeline's module, data, callbacks and loggers.

    Everything of a run lies in ``trainer.default_root_dir``: ``config.yaml``, ``run.json``, ``gallery.npy``,
    ``checkpoints/`` (the best by validation, and ``last.ckpt``), ``tensorboard/`` and ``csv/``. Unknown
    keys are errors.

    Args:
        args: Command line, without the program's name.
        clip_state: Reads CLIP weights in open_clip's plain layout. The caller passes it, as learning/ may not import
            weights/.
        head_state: Reads heads to start from: ``image_mlp.*``, ``location_encoder.*``, ``logit_scale``.
        run: Whether to run the subcommand, or only to build trainer, module and data.
    """

    def __init__(self, args: list[str] | None, clip_state: States, head_state: States, *, run: bool = True) -> None:
        self.clip_state, self.head_state = clip_state, head_state
        # Lightning 2.6 calls what jsonargparse 4.49 and torch 2.10 have renamed; nothing here can change that.
        warnings.filterwarnings("ignore", r"(?s).*(jsonargparse|was deprecated in v4|JSONARGPARSE_DEPRECATION)")
        warnings.filterwarnings("ignore", ".*LeafSpec.* is deprecated")
        warnings.filterwarnings("ignore", "The dirpath has changed from")  # a checkpoint of another run was named
        warnings.filterwarnings("ignore", "Checkpoint directory .* is not empty")  # so it is when a run is resumed
        super().__init__(
            GeoLearner,
            GeoData,
            parser_class=_Parser,
            save_config_callback=_SaveRun,
            save_config_kwargs={"save_to_log_dir": False},
            trainer_defaults={
                "default_root_dir": "runs/unnamed",
                "use_distributed_sampler": False,  # the order of rows is dealt out to processes already
                "num_sanity_val_steps": 0,  # encoding the gallery twice would cost more than it tells
                "max_epochs": 20,
            },
            seed_everything_default=0,
            auto_configure_optimizers=False,
            load_from_checkpoint_support=False,  # settings are in the checkpoint under a name of our own
            parser_kwargs={"description": "Train, resume (--ckpt_path last) and validate."},
            args=args,
            run=run,
        )

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Add where weights come from, and the callbacks every run has."""
        parser.add_argument(
            "--start.clip", type=str | None, default=None, help="CLIP weights: auto, a file or a folder"
        )
        parser.add_argument(
            "--start.heads", type=str | None, default=None, help="heads to fine-tune: geoclip, or an exported folder"
        )
        parser.add_argument("--save_every_steps", type=int, default=0, help="also write last.ckpt within an epoch")
        parser.add_lightning_class_args(ModelCheckpoint, "best")
        parser.set_defaults(
            {
                "best.monitor": "validation/median_km",
                "best.filename": "best",
                "best.enable_version_counter": False,
            }
        )
        parser.link_arguments("trainer.default_root_dir", "best.dirpath", compute_fn=_checkpoint_folder)
        parser.add_lightning_class_args(EarlyStopping, "early_stop")
        parser.set_defaults({"early_stop.monitor": "validation/median_km", "early_stop.patience": 10})

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """The configured trainer, with loggers, ``last.ckpt`` and atomic writing of checkpoints."""
        settings = self._get(self.config_init, "trainer")
        root = Path(settings["default_root_dir"])
        if settings["logger"] is None:
            kwargs["logger"] = [TensorBoardLogger(root, "tensorboard", ""), CSVLogger(root, "csv")]
        kwargs["plugins"] = [*(settings["plugins"] or []), AtomicCheckpoints()]
        kwargs["callbacks"] = [
            *(settings["callbacks"] or []),
            LastCheckpoint(_checkpoint_folder(str(root)), self._get(self.config_init, "save_every_steps")),
            *([] if settings["logger"] is False else [LearningRateMonitor("step")]),
        ]
        return super().instantiate_trainer(**kwargs)

    def before_fit(self) -> None:
        """Load the weights that were asked for, collect the provenance, and open the reports of skipped rows."""
        self._start()
        root, data = Path(self.trainer.default_root_dir), self.datamodule
        for source, name in ((data.source, "skipped.csv"), (data.validation, "skipped-validation.csv")):
            if isinstance(source, PhotoPairs) and source.report is None:
                source.report_to(str(root / name))

    def after_fit(self) -> None:
        """Log how many rows the whole run has skipped, where there is a report."""
        for source in {self.datamodule.source, self.datamodule.validation}:
            if source.report is not None and (count := len(listed_rows(source.report))):
                _log.warning("%d rows were not used; %s lists them", count, source.report)

    def before_validate(self) -> None:
        """Load the weights that were asked for."""
        self._start()

    def _start(self) -> None:
        model, data, start = self.model, self.datamodule, self._get(self.config_init, "start")
        clip = model.tower.kind == "clip"
        if clip:
            if start["clip"] is None:
                raise TrainingError(
                    "The tower is a CLIP, whose weights come from outside",
                    allowed="--start.clip auto, a file, or a folder",
                    hint="set start.clip",
                )
            load_clip(model.image_tower, dict(self.clip_state(start["clip"])))
        if start["heads"] is not None:
            load_heads(model, self.head_state(start["heads"]))
        seen = data.source.preprocess
        model.provenance = provenance(data.digest) | {
            "start": dict(start),
            "preprocess": None if seen is None else dataclasses.asdict(seen),
            "tower": tower_digest(model.image_tower) if clip and model.tower.train != "all" else data.source.tower,
        }
        for source in {data.source, data.validation}:
            if source.skipped:
                _log.warning("%d rows are skipped: %s", len(source.skipped), count_reasons(source.skipped))

    @staticmethod
    def subcommands() -> dict[str, set[str]]:
        """The subcommands, ``fit`` and ``validate``, and their arguments that come from elsewhere."""
        every = LightningCLI.subcommands()
        return {name: every[name] for name in ("fit", "validate")}


def load_heads(model: GeoLearner, state: Mapping[str, Tensor]) -> None:
    """Put trained heads into a model, to be trained further.

    Args:
        model: Whose image MLP, location encoder and scale are replaced.
        state: ``image_mlp.*``, ``location_encoder.*``, ``logit_scale``.

    Raises:
        TrainingError: A tensor is missing or of another size.
    """
    wanted = [k for k in model.state_dict() if k.startswith(("image_mlp.", "location_encoder.")) or k == "logit_scale"]
    missing = [key for key in wanted if key not in state]
    try:
        if not missing:
            model.load_state_dict({key: state[key] for key in wanted}, strict=False)
    except RuntimeError as error:
        missing = [" ".join(str(error).split())[:300]]
    if missing:
        raise TrainingError(
            f"The heads to start from do not fit: {missing[0]}",
            hint="set model.location and model.tower to the sizes of these heads",
        )


def _checkpoint_folder(root: str) -> str:
    return str(Path(root) / "checkpoints")
