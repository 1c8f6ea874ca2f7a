"""What a person sees first: drop a folder, open a project, or try the samples."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.ui.icons import action_icon, application_icon
from dinocell_app.ui.plain_text import plain_label
from dinocell_app.ui.session import Session

PATH_ROLE = int(Qt.ItemDataRole.UserRole)
EMBLEM = 48


class WelcomePage(QWidget):
    """New, open, recent and sample projects."""

    new_asked = Signal()
    open_asked = Signal()
    sample_asked = Signal()
    recent_asked = Signal(str)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        column = QVBoxLayout()
        column.setSpacing(14)
        title = plain_label("DINOCell")
        font = title.font()
        font.setPointSizeF(font.pointSizeF() * 2.4)
        title.setFont(font)
        emblem = plain_label()
        emblem.setPixmap(application_icon().pixmap(EMBLEM, EMBLEM))
        heading = QHBoxLayout()
        heading.setSpacing(12)
        heading.addWidget(emblem)
        heading.addWidget(title, 1)
        column.addStretch(1)
        column.addLayout(heading)
        column.addWidget(plain_label("Cell masks and morphology tables from folders of microscopy images."))
        column.addWidget(self._make_drop_area())
        column.addLayout(self._make_buttons())
        self.recent_title = plain_label("Recent projects")
        column.addWidget(self.recent_title)
        self.recent = QListWidget()
        self.recent.setAccessibleName("Recent projects")
        self.recent.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.recent.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.recent.setSpacing(3)
        self.recent.itemActivated.connect(self._on_recent)
        column.addWidget(self.recent, 8)
        column.addStretch(3)
        body = QWidget()
        body.setLayout(column)
        body.setMaximumWidth(640)
        row = QHBoxLayout(self)
        row.setContentsMargins(24, 32, 24, 24)
        row.addStretch(1)
        row.addWidget(body, 4)
        row.addStretch(1)
        session.settings_changed.connect(self.reload)
        self.reload()

    def reload(self) -> None:
        """List the recent projects that still exist."""
        self.recent.clear()
        for path in self._session.settings.recent:
            folder = Path(path)
            here = folder.is_dir()
            item = QListWidgetItem(f"{folder.stem}\n{folder.parent}{'' if here else '  (not found)'}")
            item.setData(PATH_ROLE, path)
            item.setToolTip(path)
            if not here:
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEnabled)
            self.recent.addItem(item)
        some = self.recent.count() > 0
        self.recent.setVisible(some)
        self.recent_title.setVisible(some)

    def _make_drop_area(self) -> QFrame:
        area = QFrame()
        area.setFrameShape(QFrame.Shape.StyledPanel)
        area.setFixedHeight(180)
        words = plain_label("Drop a folder of images here to begin")
        large = words.font()
        large.setPointSizeF(large.pointSizeF() * 1.4)
        words.setFont(large)
        words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        small = plain_label(
            "A project is made beside it. Your images stay where they are and are never changed."
        )
        small.setAlignment(Qt.AlignmentFlag.AlignCenter)
        small.setWordWrap(True)
        layout = QVBoxLayout(area)
        layout.addStretch(1)
        layout.addWidget(words)
        layout.addWidget(small)
        layout.addStretch(1)
        return area

    def _make_buttons(self) -> QHBoxLayout:
        buttons = QHBoxLayout()
        self.new_button = QPushButton(action_icon("new_project"), "New project …")
        self.open_button = QPushButton(action_icon("open_project"), "Open project …")
        self.sample_button = QPushButton(action_icon("open_sample"), "Try the sample images")
        told = (
            (self.new_button, self.new_asked, "Choose a folder of images; a project is made beside it."),
            (self.open_button, self.open_asked, "Open a folder that ends with .dinocell."),
            (self.sample_button, self.sample_asked, "A small project with real images to try things on."),
        )
        for button, asked, tooltip in told:
            button.setToolTip(tooltip)
            button.setMinimumHeight(34)
            button.clicked.connect(asked)
            buttons.addWidget(button)
        self.new_button.setDefault(True)
        return buttons

    def _on_recent(self, item: QListWidgetItem) -> None:
        self.recent_asked.emit(item.data(PATH_ROLE))
