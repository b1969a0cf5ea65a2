#!/usr/bin/python3
"""A WebKitGTK window that WebDriver may drive and that keeps its data, unlike MiniBrowser, whose automation sessions are private ones."""
import os

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import Gtk, WebKit2  # noqa: E402

folder = os.environ["UNDERSTUDY_DATA"]
if os.environ.get("UNDERSTUDY_PRIVATE"):
    manager = WebKit2.WebsiteDataManager.new_ephemeral()
else:
    manager = WebKit2.WebsiteDataManager(base_data_directory=folder + "/site", base_cache_directory=folder + "/site-cache")
context = WebKit2.WebContext.new_with_website_data_manager(manager)
context.set_automation_allowed(True)
settings = WebKit2.Settings()
settings.set_enable_write_console_messages_to_stdout(True)
settings.set_enable_media_stream(True)
settings.set_enable_mock_capture_devices(True)
settings.set_enable_webgl(True)


def allow(_view, request):
    request.allow()
    return True


def download(_context, item):
    item.connect("decide-destination", lambda one, name: one.set_destination(f"file://{folder}/{name}") or True)
    item.connect("finished", lambda one: print("DOWNLOADED", one.get_destination(), flush=True))


def open_view(_session=None):
    view = WebKit2.WebView(web_context=context, settings=settings, is_controlled_by_automation=True)
    view.connect("permission-request", allow)
    view.connect("web-process-terminated", lambda _, reason: print("WEB PROCESS TERMINATED", reason, flush=True))
    window = Gtk.Window()
    window.set_default_size(1440, 900)
    window.add(view)
    window.show_all()
    view.connect("close", lambda _: window.destroy())
    return view


def started(_context, session):
    info = WebKit2.ApplicationInfo()
    info.set_name("understudy")
    info.set_version(1, 0, 0)
    session.set_application_info(info)
    session.connect("create-web-view", open_view)


context.connect("download-started", download)
context.connect("automation-started", started)
Gtk.main()
