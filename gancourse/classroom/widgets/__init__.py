"""Live explorers for the notebooks; without a front end each shows its picture once.

Built on ipywidgets.Image and observe, canvas and playground on anywidget, within what ipywidgets 7.7 (Google Colab) and 8 have in
common: a picture follows the slider without the flicker of re-drawn outputs, and a notebook that is executed without a browser
never waits for one.
"""

from gancourse.classroom.widgets.attributes import AttributeChooser as attribute_chooser
from gancourse.classroom.widgets.base import Live, one_thread, without_live_views
from gancourse.classroom.widgets.board import Board as playground
from gancourse.classroom.widgets.canvas import PaintCanvas, draw_face, fill_hole
from gancourse.classroom.widgets.choice import TwoChoice as which_is_real
from gancourse.classroom.widgets.frames import Explorer as explorer
from gancourse.classroom.widgets.game import Game, ToyGame, toy_game
from gancourse.classroom.widgets.game import GamePlayer as game_player
from gancourse.classroom.widgets.game import LiveGame as live_game
from gancourse.classroom.widgets.growing import GrowthSlider as growth_slider
from gancourse.classroom.widgets.questions import Quiz as quiz
from gancourse.classroom.widgets.sliders import LatentSliders as latent_sliders
from gancourse.classroom.widgets.style import StyleExplorer as style_explorer
from gancourse.classroom.widgets.tables import Finder as finder
from gancourse.classroom.widgets.textbox import TextBox as text_box
from gancourse.classroom.widgets.translate import Translator as translator
from gancourse.classroom.widgets.turning import Turntable as turntable

__all__ = [
    "Game",
    "Live",
    "PaintCanvas",
    "ToyGame",
    "attribute_chooser",
    "draw_face",
    "explorer",
    "fill_hole",
    "finder",
    "game_player",
    "growth_slider",
    "latent_sliders",
    "live_game",
    "one_thread",
    "playground",
    "quiz",
    "style_explorer",
    "text_box",
    "toy_game",
    "translator",
    "turntable",
    "which_is_real",
    "without_live_views",
]
