"""The list of images: filter, order, and what can be done with the chosen ones."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, QSize, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.project.image_tree import Order
from dinocell_app.ui.images.adding import ImageSearch
from dinocell_app.ui.images.image_changes import ImageChanges
from dinocell_app.ui.images.image_delegate import ImageDelegate
from dinocell_app.ui.images.left_out_dialog import LeftOutDialog
from dinocell_app.ui.images.thumbnails import SHOWN, Thumbnails
from dinocell_app.ui.images.tree_model import HEADERS, ImageTreeModel
from dinocell_app.ui.plain_text import plain_label
from dinocell_app.ui.session import Session

MINIMUM_WIDTH = 220


class ImagePanel(QWidget):
    """Images of the open project."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._follows = False
        self.search = ImageSearch(session)
        self.changes = ImageChanges(session, self.chosen_ids, self)
        self._thumbnails = Thumbnails(session, lambda image_id: self.model.touch(image_id))
        self.model = ImageTreeModel(self._thumbnails.picture, self)
        self.filter = QLineEdit(placeholderText="Filter images", clearButtonEnabled=True)
        self.filter.setAccessibleName("Filter images")
        self.filter.setToolTip("Lists images that have all of these words in name, folder, tags or status.")
        self.order = QComboBox()
        self.order.setAccessibleName("Order of images")
        self.order.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.order.setMinimumContentsLength(5)
        self.order.setToolTip("How images are sorted within their folder.")
        for order in Order:
            self.order.addItem(order.value, order)
        self.tree = self._make_tree()
        self.empty = plain_label(
            "No images yet.\nDrop files or folders here, or choose Project ▸ Add images."
        )
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.searching = self._make_search_bar()
        self.left_out = self._make_left_out_bar()
        top = QHBoxLayout()
        top.addWidget(self.filter, 3)
        top.addWidget(self.order, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addLayout(top)
        layout.addWidget(self.tree, 1)
        layout.addWidget(self.empty, 1)
        layout.addWidget(self.searching)
        layout.addWidget(self.left_out)
        self.setMinimumWidth(MINIMUM_WIDTH)
        self._connect()
        self.reload()

    def reload(self) -> None:
        """List the images of the open project."""
        self.model.load(self._session.project)
        self._after_reset()

    def chosen_ids(self) -> list[int]:
        """Give the chosen images."""
        rows = [self.model.row_at(index) for index in self.tree.selectionModel().selectedRows()]
        return [row.record.id for row in rows if row is not None]

    def step(self, by: int) -> None:
        """Look at the next or previous image of the list.

        Parameters
        ----------
        by : int
            1 or -1.
        """
        ids = self.model.listed_ids()
        if not ids:
            return
        current = self._session.current_image
        at = ids.index(current.id) + by if current is not None and current.id in ids else 0
        self._session.set_current_image(ids[max(0, min(at, len(ids) - 1))])

    def _make_tree(self) -> QTreeView:
        tree = QTreeView()
        tree.setModel(self.model)
        tree.setAccessibleName("Images")
        tree.setUniformRowHeights(True)
        tree.setIconSize(QSize(SHOWN))
        tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        tree.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        tree.setIndentation(10)  # names want the room
        tree.setItemDelegate(ImageDelegate(tree))
        tree.header().setStretchLastSection(True)
        tree.setHeaderHidden(True)
        for column in range(1, len(HEADERS)):
            tree.setColumnHidden(column, True)  # the delegate writes them below the name
        return tree

    def _make_search_bar(self) -> QWidget:
        bar = QWidget()
        self.search_text = plain_label()
        self.search_text.setWordWrap(True)
        self.search_bar = QProgressBar(maximum=0, textVisible=False)
        self.search_bar.setMaximumHeight(8)
        self.search_cancel = QPushButton("Stop searching")
        self.search_cancel.setToolTip("End the search; the images found so far stay in the project.")
        layout = QHBoxLayout(bar)
        layout.setContentsMargins(0, 0, 0, 0)
        words = QVBoxLayout()
        words.addWidget(self.search_text)
        words.addWidget(self.search_bar)
        layout.addLayout(words, 1)
        layout.addWidget(self.search_cancel)
        bar.hide()
        return bar

    def _make_left_out_bar(self) -> QWidget:
        bar = QWidget()
        self.left_out_text = plain_label()
        self.left_out_show = QPushButton("Show…")
        self.left_out_show.setAccessibleName("Show the files that were left out")
        self.left_out_show.setToolTip("List the files that were left out, and why.")
        close = QPushButton("Hide")
        close.setToolTip("Hide this line; the files stay where they are.")
        close.clicked.connect(bar.hide)
        layout = QHBoxLayout(bar)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.left_out_text, 1)
        layout.addWidget(self.left_out_show)
        layout.addWidget(close)
        bar.hide()
        return bar

    def _connect(self) -> None:
        session = self._session
        session.project_opened.connect(self._on_project)
        session.project_closed.connect(self._on_project)
        session.images_changed.connect(self.reload)
        session.image_records_changed.connect(self._on_records)
        session.results_changed.connect(self._on_results)
        session.current_image_changed.connect(self._show_current)
        self.filter.textChanged.connect(self._on_filter)
        self.order.currentIndexChanged.connect(self._on_order)
        self.tree.selectionModel().selectionChanged.connect(self._on_selection)
        self.tree.selectionModel().currentChanged.connect(self._on_current)
        self.tree.customContextMenuRequested.connect(self._show_menu)
        self.search.progressed.connect(self._on_search)
        self.search.ended.connect(self._on_search_ended)
        self.search_cancel.clicked.connect(self.search.cancel)
        self.left_out_show.clicked.connect(self._show_left_out)

    def _on_project(self) -> None:
        self._thumbnails.clear()
        self.left_out.hide()
        self.filter.clear()
        self.reload()

    def _on_records(self, image_ids: Sequence[int]) -> None:
        project = self._session.project
        if project is not None and not self.model.take_records(project, image_ids):
            self.reload()

    def _on_results(self, image_ids: Sequence[int]) -> None:
        if self._session.project is not None:
            self.model.take_results(self._session.project, image_ids)

    def _on_filter(self, words: str) -> None:
        self.model.list_only(words)
        self._after_reset()

    def _on_order(self) -> None:
        self.model.sort_by(self.order.currentData())
        self._after_reset()

    def _after_reset(self) -> None:
        self.tree.expandAll()
        for folder in range(self.model.rowCount()):
            self.tree.setFirstColumnSpanned(folder, QModelIndex(), False)
        something = bool(self.model.state.rows)
        self.tree.setVisible(something)
        self.empty.setVisible(not something)
        chosen = {image.id for image in self._session.selected_images}
        self._follows = True
        for image_id in chosen:
            index = self.model.index_of(image_id)
            if index.isValid():
                self.tree.selectionModel().select(
                    index, QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
                )
        self._follows = False
        self._show_current()

    def _show_current(self) -> None:
        current = self._session.current_image
        index = self.model.index_of(current.id) if current is not None else QModelIndex()
        if not index.isValid() or self.tree.currentIndex().siblingAtColumn(0) == index:
            return
        self._follows = True
        self.tree.setCurrentIndex(index)
        self.tree.scrollTo(index)
        self._follows = False

    def _on_current(self, index: QModelIndex) -> None:
        row = self.model.row_at(index)
        if row is not None and not self._follows:
            self._session.set_current_image(row.record.id)

    def _on_selection(self) -> None:
        self._session.set_selection(self.chosen_ids())

    def _on_search(self, words: str) -> None:
        self.left_out.hide()
        self.search_text.setText(words)
        self.search_bar.show()
        self.search_cancel.show()
        self.searching.show()

    def _on_search_ended(self, words: str) -> None:
        self.searching.hide()
        self._session.noted.emit(words)
        count = len(self.search.left_out)
        self.left_out_text.setText("1 file left out" if count == 1 else f"{count:,} files left out")
        self.left_out.setVisible(count > 0)

    def _show_left_out(self) -> None:
        dialog = LeftOutDialog(self.search.left_out, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _show_menu(self, at: QPoint) -> None:
        menu = self.changes.make_menu()
        menu.exec(self.tree.viewport().mapToGlobal(at))
        menu.deleteLater()
