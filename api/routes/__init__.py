"""One file per resource. Each adds its controllers to ROUTES; the application serves exactly these."""

from litestar import Controller

ROUTES: tuple[type[Controller], ...] = ()
