"""The training wizard: a window beside the work, drawn over a plain plan and over trainings on disk."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.base.errors import UserFacingError
from dinocell_app.project.training_sets import (
    corrected_pictures,
    new_training_set_folder,
    write_training_set,
)
from dinocell_app.segmentation_plan.model_cards import read_model_cards
from dinocell_app.training_plan.gains import scores_of, sentence_of_gains
from dinocell_app.training_plan.model_saving import save_among_models
from dinocell_app.training_plan.planned_jobs import MODEL_NAME, job_of
from dinocell_app.training_plan.training_plan import TrainingPlan
from dinocell_app.training_plan.training_runs import (
    VERDICT_NAME,
    Training,
)
from dinocell_app.ui.help_here import help_button
from dinocell_app.ui.plain_text import asked, plain_label
from dinocell_app.ui.session import Session
from dinocell_app.ui.training.examination import Examination
from dinocell_app.ui.training.goal_page import GoalPage
from dinocell_app.ui.training.pictures_page import PicturesPage
from dinocell_app.ui.training.run_page import RunPage
from dinocell_app.ui.training.settings_page import SettingsPage
from dinocell_app.ui.training.split_page import SplitPage
from dinocell_app.ui.training.training_cost import TrainingCost
from dinocell_app.ui.training.training_list import TrainingList
from dinocell_app.ui.training.verdict_page import VerdictPage
from dinocell_app.ui.workers import start

LOOK_MS = 700
TITLES = ("Goal", "Images", "Judging", "Settings", "Training", "Verdict")
GOAL, PICTURES, SPLIT, SETTINGS, RUN, VERDICT = range(6)
_SIZE = (1040, 720)


class TrainingWindow(QDialog):
    """Teaches a model in six pages, and adapts one in four of them.

    Parameters
    ----------
    session : Session
        With an open project.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Train a model")
        self.resize(*_SIZE)
        self._session = session
        self._training: Training | None = None
        self.plan = TrainingPlan(device=session.settings.device)
        self.doctor = Examination(self)
        self.cost = TrainingCost(self)
        self._saved = ""
        self.trainings = TrainingList()
        self.steps = plain_label()
        self.goal, self.pictures, self.split = GoalPage(), PicturesPage(), SplitPage()
        self.settings, self.run_page, self.verdict = SettingsPage(), RunPage(), VerdictPage()
        self.pages = QStackedWidget()
        for page in (self.goal, self.pictures, self.split, self.settings, self.run_page, self.verdict):
            self.pages.addWidget(page)
        self.problem = plain_label()
        self.problem.setWordWrap(True)
        self.back = QPushButton("Back")
        self.back.setToolTip("Go to the page before.")
        self.forward = QPushButton("Next")
        self.forward.setToolTip("Go to the next page.")
        self.close_button = QPushButton("Close")
        self.close_button.setToolTip("Close this window; a training goes on without it.")
        for button in (self.back, self.forward, self.close_button):
            button.setAutoDefault(False)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._lay_out()
        self._connect()
        self._list_trainings()
        start(read_model_cards, self.settings.set_models, session.report, owner=self)
        if session.project is not None:
            gains = partial(scores_of, session.project.folder)
            start(gains, lambda s: self.goal.show_gains(sentence_of_gains(s)), session.report, owner=self)
        self.show_page(GOAL)

    def show_page(self, number: int) -> None:
        """Show a page.

        Parameters
        ----------
        number : int
            `GOAL`, `PICTURES`, `SPLIT`, `SETTINGS`, `RUN` or `VERDICT`.
        """
        self.pages.setCurrentIndex(number)
        self._refresh()

    def choose_folders(self, folders: tuple[Path, ...]) -> None:
        """Take folders of labelled images, and look at what is in them."""
        self.plan = self.plan.with_folders(folders)
        self.examine()

    def choose_corrected(self) -> None:
        """Take the images of the project that are marked as corrected, as they are now."""
        project = self._session.project
        if project is None:
            return
        pictures = corrected_pictures(project)
        if not pictures:
            self._session.report(
                UserFacingError(
                    "No image of this project is approved",
                    remedy="Correct cells (Ctrl+E) and say that an image is all right, then come back",
                )
            )
            return
        self.show_page(PICTURES)
        folder = new_training_set_folder(project.folder)
        work = partial(write_training_set, pictures, folder)
        start(
            work,
            lambda _: self.choose_folders((*self.plan.folders, folder)),
            self._session.report,
            owner=self,
        )

    def examine(self) -> None:
        """Let the data-set doctor look at all folders."""
        self.plan = self.plan.with_folders(self.plan.folders)
        self.doctor.start(self.plan.folders, self.plan.base_model)
        self._refresh()

    def begin(self) -> None:
        """Write the job and start to teach."""
        if self._session.project is None:
            return
        name = self.plan.name.strip() or "model"
        try:
            run = self._session.queue.enqueue_training(name, partial(job_of, self.plan))
        except UserFacingError as error:
            self._session.report(error)
            return
        self._training = Training(run.folder)
        self._list_trainings()
        self.show_page(RUN)
        self._timer.start()

    def look(self) -> None:
        """Look at what the training has done."""
        training = self._training
        if training is None:
            self._timer.stop()
            return
        training.look()
        state = training.state()
        self.run_page.show_training(training)
        self.trainings.show_state(training)
        if state in ("finished", "stopped", "failed"):
            self._timer.stop()
        self._refresh_buttons()
        if state == "finished" and self.pages.currentIndex() == RUN:
            self.verdict.show_folder(training.folder)
            self.show_page(VERDICT)

    def done(self, result: int) -> None:
        """Close; a training goes on in its own process."""
        self._timer.stop()
        self.doctor.stop()
        self.cost.stop()
        super().done(result)

    def _refresh(self) -> None:
        plan = self.plan
        self.goal.show_plan(plan)
        self.pictures.show_plan(plan, looking=self.doctor.is_running())
        self.split.show_plan(plan)
        self.settings.show_plan(plan)
        number = self.pages.currentIndex()
        shown = [f"<b>{TITLES[place]}</b>" if place == number else TITLES[place] for place in self._order()]
        self.steps.setText("  ›  ".join(shown))
        self._refresh_buttons()

    def _refresh_buttons(self) -> None:
        number, training = self.pages.currentIndex(), self._training
        problems = {
            GOAL: self.plan.problem_of_goal,
            PICTURES: self.plan.problem_of_pictures,
            SPLIT: self.plan.problem_of_split,
            SETTINGS: self.plan.problem_of_settings,
        }
        before = [place for place in self._order() if place <= number < RUN]
        problem = next((said for place in before if (said := problems[place]())), "")
        self.problem.setText("" if number == PICTURES else problem)
        self.forward.setText("Begin" if number == SETTINGS else "Next")
        ended = training is not None and training.has_result() and training.state() in ("finished", "stopped")
        self.forward.setEnabled(not problem if number < RUN else number == RUN and ended)
        self.forward.setVisible(number != VERDICT)
        self.back.setEnabled(number in (PICTURES, SPLIT, SETTINGS, VERDICT))

    def _order(self) -> tuple[int, ...]:
        """Give the pages that this goal needs."""
        return tuple(
            place for place in range(len(TITLES)) if self.plan.teaches or place not in (PICTURES, SPLIT)
        )

    def _neighbour(self, step: int) -> int:
        order = self._order()
        return order[order.index(self.pages.currentIndex()) + step]

    def _on_forward(self) -> None:
        number = self.pages.currentIndex()
        if number == SETTINGS:
            self.begin()
        elif number == RUN and self._training is not None:
            self.verdict.show_folder(self._training.folder)
            self.show_page(VERDICT)
        else:
            self.show_page(self._neighbour(1))

    def _on_plan(self, plan: TrainingPlan) -> None:
        other_model = plan.base_model != self.plan.base_model
        cost = replace(plan, name="") != replace(self.plan, name="")
        self.plan = plan
        if cost:
            self.cost.forget()
        if other_model and plan.examined:
            self.examine()
        self._refresh()

    def _on_said(self, lines: list[str]) -> None:
        self.plan = self.plan.with_lines(lines)
        self._refresh()

    def _on_examined(self, wrong: str) -> None:
        self._refresh()
        if wrong:
            self.pictures.state.setText(wrong)

    def _list_trainings(self) -> None:
        project = self._session.project
        self.trainings.show_trainings(project, self._training)

    def _on_training_chosen(self) -> None:
        folder = self.trainings.currentData()
        if not folder:
            self._training = None
            self.show_page(GOAL)
            return
        self.open_training(Path(folder))

    def open_training(self, folder: Path) -> None:
        """Show a training as it is now, or what came of it."""
        self._training = Training(folder)
        self._training.look()
        self._list_trainings()
        self.run_page.show_training(self._training)
        if self._training.state() == "finished":
            self.verdict.show_folder(self._training.folder)
            self.show_page(VERDICT)
            return
        self.show_page(RUN)
        self._timer.start()

    def _on_pause(self) -> None:
        if self._training is not None:
            self._ask(self._session.queue.pause, self._training.pause)
            self.look()

    def _on_resume(self) -> None:
        if self._training is not None:
            self._ask(self._session.queue.resume, self._training.go_on)
            self._timer.start()

    def _on_stop(self) -> None:
        if self._training is not None:
            self._ask(self._session.queue.cancel, self._training.stop)

    def _ask(self, of_queue: Callable[[int], None], of_training: Callable[[], None]) -> None:
        """Ask the queue for something, or a training that an older version kept outside it."""
        run_id = self._run_id()
        try:
            of_training() if run_id is None else of_queue(run_id)
        except UserFacingError as error:
            self._session.report(error)

    def _run_id(self) -> int | None:
        training, project = self._training, self._session.project
        if training is None or project is None or training.folder.parent != project.runs_folder:
            return None
        return int(training.folder.name)

    def _on_save(self, notes: str) -> None:
        if self._training is None:
            return
        folder = self._training.folder
        work = partial(save_among_models, folder / MODEL_NAME, folder / VERDICT_NAME, notes)
        start(work, self._on_saved, self._on_not_saved, owner=self)

    def _on_saved(self, name: str) -> None:
        self.verdict.say(f"“{name}” is among your models; the Segment dock offers it.", saved=True)
        self._saved = name
        self._session.models_changed.emit()

    def _on_not_saved(self, error: Exception) -> None:
        self.verdict.say(str(error), saved=False)

    def _on_discard(self) -> None:
        training = self._training
        if training is None or training.run.is_executing():
            return
        if not asked(
            self, "Discard the training", f"Remove “{training.name}” with its model? Your images stay."
        ):
            return
        self._ask(self._session.queue.remove, partial(shutil.rmtree, training.folder, ignore_errors=True))
        self._training = None
        self._list_trainings()
        self.show_page(GOAL)

    def _connect(self) -> None:
        self.pictures.folders_chosen.connect(self.choose_folders)
        self.pictures.look_asked.connect(self.examine)
        self.pictures.corrected_asked.connect(self.choose_corrected)
        self.goal.plan_changed.connect(self._on_plan)
        self.split.plan_changed.connect(self._on_plan)
        self.settings.plan_changed.connect(self._on_plan)
        self.settings.estimate_asked.connect(lambda: self.cost.ask(self.plan))
        self.cost.told.connect(self.settings.show_cost)
        self.doctor.said.connect(self._on_said)
        self.doctor.finished.connect(self._on_examined)
        self.run_page.pause_asked.connect(self._on_pause)
        self.run_page.resume_asked.connect(self._on_resume)
        self.run_page.stop_asked.connect(self._on_stop)
        self.verdict.save_asked.connect(self._on_save)
        self.verdict.use_asked.connect(lambda: self._session.model_wanted.emit(self._saved))
        self.verdict.discard_asked.connect(self._on_discard)
        self.trainings.activated.connect(self._on_training_chosen)
        self.back.clicked.connect(lambda: self.show_page(self._neighbour(-1)))
        self.forward.clicked.connect(self._on_forward)
        self.close_button.clicked.connect(self.accept)
        self._session.project_closed.connect(self.accept)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.steps, 1)
        top.addWidget(self.trainings)
        self.steps.setTextFormat(Qt.TextFormat.RichText)
        end = QHBoxLayout()
        end.addWidget(help_button(self))
        end.addWidget(self.problem, 1)
        end.addWidget(self.back)
        end.addWidget(self.forward)
        end.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(self.pages, 1)
        layout.addLayout(end)
