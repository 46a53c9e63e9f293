"""Training from a YAML file: what ``training/train.py`` runs."""

from __future__ import annotations

import dataclasses
import logging
import sys
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import LearningRateMonitor
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI, SaveConfigCallback
from lightning.pytorch.loggers import TensorBoardLogger
from torch import Tensor
from typing_extensions import override

from geoclip_core.errors import TrainingError
from geoclip_core.files import atomic, write_json
from geoclip_core.learning.data.checks import doubts
from geoclip_core.learning.data.datamodule import GeoData
from geoclip_core.learning.data.photos import PhotoPairs
from geoclip_core.learning.data.table import count_reasons, listed_rows
from geoclip_core.learning.limits import check_numbers
from geoclip_core.learning.run.checkpoints import AtomicCheckpoints, LastCheckpoint
from geoclip_core.learning.run.csv_log import ContinuedCSV
from geoclip_core.learning.run.folder import checkpoint_folder, claim, find_checkpoint, save_config
from geoclip_core.learning.run.module import GeoLearner
from geoclip_core.learning.run.monitors import Best, EarlyStop, monitors
from geoclip_core.learning.run.parser import RunParser, check_devices, say_what_is_missing
from geoclip_core.learning.run.provenance import provenance
from geoclip_core.learning.run.stopping import StopSignals
from geoclip_core.learning.run.tower import load_clip
from geoclip_core.model.backbones.digest import tower_digest

States = Callable[[str], Mapping[str, Tensor]]
"""From a name that a person gives (a path, ``auto``, a model's name) to a state dict."""

_log = logging.getLogger(__name__)


class _SaveRun(SaveConfigCallback):
    """Saves the resolved configuration and the provenance in the run's folder."""

    @override
    def save_config(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Write ``config.yaml``, ``run.json`` and ``gallery.npy``: settings, provenance and gallery of a run."""
        if stage != "fit":
            return
        folder = Path(trainer.default_root_dir)
        save_config(folder, self.parser.dump(self.config))
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
        warnings.filterwarnings("ignore", "Be aware that when using `ckpt_path`, callbacks")  # max_time may be left out
        self.signals = StopSignals()
        first = next(iter(sys.argv[1:] if args is None else args), "")
        if first in (every := self.subcommands()):  # the parsers of the others would take longer than they are worth
            self.subcommands = lambda: {first: every[first]}  # type: ignore[method-assign]
        super().__init__(
            GeoLearner,
            GeoData,
            parser_class=RunParser,
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
            parser_kwargs={"description": "Train, resume (--ckpt_path last), validate and test."},
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
        parser.add_argument(
            "--start.overwrite", type=bool, default=False, help="delete a run that is in the folder already"
        )
        parser.add_argument(
            "--save_every_steps",
            type=int,
            default=1000,
            help="also write last.ckpt within an epoch; 0 writes it at its end only",
        )
        parser.add_argument(
            "--best", type=Best | None, default=Best(), help="which checkpoints are kept besides last.ckpt"
        )
        parser.add_argument(
            "--early_stop", type=EarlyStop | None, default=EarlyStop(), help="when to stop early; null: never"
        )

    @override
    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:
        """Read the settings, and check numbers and the checkpoint before any of them is used.

        Raises:
            TrainingError: A number is out of range, or there is no such checkpoint.
        """
        super().parse_arguments(parser, args)
        settings = self.config.get(str(self.config.get("subcommand")), self.config)
        check_numbers("", dict(settings.items()))
        find_checkpoint(settings.get("ckpt_path"), Path(settings["trainer"]["default_root_dir"]))

    @override
    def instantiate_classes(self) -> None:
        """Build trainer, module and data, and find the checkpoint that is meant.

        Raises:
            TrainingError: This machine lacks something, or the trainer cannot be built.
        """
        asked = self.config
        settings = asked.get(str(self.subcommand), asked)
        check_devices(settings["trainer"]["accelerator"], settings["trainer"]["devices"])
        self.config = asked.clone()
        resolved = self.config.get(str(self.subcommand), self.config)
        for name in ("data.seed", "model.recipe.seed"):  # one seed for all, where no other is named
            if resolved[name] is None:
                resolved[name] = int(resolved["seed_everything"])
        try:
            super().instantiate_classes()
        except (ImportError, ValueError) as error:
            say_what_is_missing(error)
            raise
        self.config = asked
        for callback in self.trainer.callbacks:  # type: ignore[attr-defined]
            if isinstance(callback, _SaveRun):
                callback.config = settings  # as it was asked for: seeds that were derived stay so
        if self.subcommand is not None:
            root = Path(self.trainer.default_root_dir)
            of_command = self.config_init[self.subcommand]
            of_command["ckpt_path"] = find_checkpoint(of_command["ckpt_path"], root)

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """The configured trainer, with loggers, ``last.ckpt`` and atomic writing of checkpoints."""
        settings = self._get(self.config_init, "trainer")
        root = Path(settings["default_root_dir"])
        if settings["logger"] is None:
            kwargs["logger"] = [TensorBoardLogger(root, "tensorboard", ""), ContinuedCSV(root)]
        own_plugins, own_callbacks = (_as_list(settings[name]) for name in ("plugins", "callbacks"))
        kwargs["plugins"] = [*own_plugins, AtomicCheckpoints()]
        folder = checkpoint_folder(root)
        best, early_stop = (self._get(self.config_init, name) for name in ("best", "early_stop"))
        kept = monitors(best, early_stop, folder)
        if kept and settings["limit_val_batches"] == 0:
            _log.warning("Without validation no best.ckpt is kept and nothing stops early; last.ckpt is written")
            kept = []
        kwargs["callbacks"] = [
            *own_callbacks,
            self.signals,
            *kept,
            LastCheckpoint(folder, self._get(self.config_init, "save_every_steps"), self.signals),
            *([] if settings["logger"] is False else [LearningRateMonitor("step")]),
        ]
        try:
            return super().instantiate_trainer(**kwargs)
        except (MisconfigurationException, TypeError, ValueError) as error:
            raise TrainingError(
                f"The trainer cannot be built as the settings under trainer say: {' '.join(str(error).split())[:300]}",
                hint="correct that setting, or leave it out",
            ) from error

    def before_fit(self) -> None:
        """Claim the folder, load weights, collect the provenance, and open the reports of skipped rows.

        Raises:
            TrainingError: The folder holds another run, or the data does not fit the network.
        """
        root, data = Path(self.trainer.default_root_dir), self.datamodule
        if self.trainer.is_global_zero:
            overwrite = self._get(self.config_init, "start")["overwrite"]
            claim(root, self._get(self.config_init, "ckpt_path"), overwrite=overwrite)
            for doubt in doubts(data):
                _log.warning(doubt)
        self._start()
        for source, name in ((data.source, "skipped.csv"), (data.validation, "skipped-validation.csv")):
            if isinstance(source, PhotoPairs) and source.report is None:
                source.report_to(str(root / name))

    def after_fit(self) -> None:
        """Log how many rows the whole run has skipped, where there is a report."""
        for source in {self.datamodule.source, self.datamodule.validation}:
            if source.report is not None and (count := len(listed_rows(source.report))):
                _log.warning("%d rows were not used; %s lists them", count, source.report)

    def before_validate(self) -> None:
        """Load the weights that were asked for.

        Raises:
            TrainingError: None were.
        """
        if self._get(self.config_init, "ckpt_path") is None and self._get(self.config_init, "start")["heads"] is None:
            raise TrainingError(
                f"{self.subcommand} needs weights, and none are named",
                allowed="--ckpt_path best, last or a .ckpt file, or --start.heads",
                hint=f"train.py {self.subcommand} --config RUN/config.yaml --ckpt_path best",
            )
        self._start()

    def before_test(self) -> None:
        """Load the weights that were asked for; see :meth:`before_validate`."""
        self.before_validate()
        if self.datamodule.test is None:
            _log.warning("data.test names no photos: those of the validation are measured, which chose best.ckpt")

    def after_validate(self) -> None:
        """Write the results to ``validate.json`` in the run's folder."""
        self._write_results("validation/", self.datamodule.validation_rows)

    def after_test(self) -> None:
        """Write the results to ``test.json`` in the run's folder."""
        self._write_results("test/", self.datamodule.test_rows)

    def _write_results(self, prefix: str, rows: Any) -> None:
        if not self.trainer.is_global_zero:
            return
        values = {name.removeprefix(prefix): float(value) for name, value in self.trainer.callback_metrics.items()}
        file = Path(self.trainer.default_root_dir) / f"{self.subcommand}.json"
        record = {
            "metrics": values,
            "photos": len(rows),
            "checkpoint": self._get(self.config_init, "ckpt_path"),
            "heads": self._get(self.config_init, "start")["heads"],
            "provenance": self.model.provenance,
        }
        write_json(file, record)
        _log.info("The results are in %s", file)

    def _start(self) -> None:
        model, data, start = self.model, self.datamodule, self._get(self.config_init, "start")
        _check_widths(model, data)
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
            "start": {"clip": start["clip"], "heads": start["heads"]},
            "preprocess": None if seen is None else dataclasses.asdict(seen),
            "tower": tower_digest(model.image_tower) if clip and model.tower.train != "all" else data.source.tower,
        }
        for source in {data.source, data.validation}:
            if source.skipped:
                _log.warning("%d rows are skipped: %s", len(source.skipped), count_reasons(source.skipped))

    @staticmethod
    def subcommands() -> dict[str, set[str]]:
        """The subcommands, ``fit``, ``validate`` and ``test``, and their arguments that come from elsewhere."""
        every = LightningCLI.subcommands()
        return {name: every[name] for name in ("fit", "validate", "test")}


def _as_list(one_or_several: Any) -> list[Any]:
    if one_or_several is None:
        return []
    return list(one_or_several) if isinstance(one_or_several, list | tuple) else [one_or_several]


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


def _check_widths(model: GeoLearner, data: GeoData) -> None:
    """Refuse features of another width than the tower's."""
    for name, source in (("source", data.source), ("validation", data.validation), ("test", data.test)):
        width = None if source is None or model.tower.kind != "features" else source.width
        if width is not None and width != model.tower.width:
            raise TrainingError(
                f"model.tower.width is {model.tower.width}, and the features of data.{name} have {width} numbers",
                allowed="the width of the features",
                hint=f"set model.tower.width to {width}, or name features of another backbone",
            )
