"""What a phone shows of a message: its text, buttons, list and files."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a message: `reply` sends `id` back, `url` opens `url`."""

    kind: str
    title: str
    id: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class ListItem:
    """One row of a list-picker."""

    id: str
    item: str
    description: str


@dataclass(frozen=True, slots=True)
class Media:
    """A file beside a message. `content_type` is empty where nobody said it."""

    url: str
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the customer's phone shows of a message; `note` is what it says of a shared place."""

    text: str
    buttons: tuple[Button, ...] = ()
    list_button: str = ""
    items: tuple[ListItem, ...] = ()
    media: tuple[Media, ...] = ()
    note: str = ""

    def to_json(self) -> dict[str, object]:
        """The phone's view as plain JSON."""
        return {
            "text": self.text,
            "note": self.note,
            "buttons": [
                {"kind": button.kind, "title": button.title, "id": button.id, "url": button.url}
                for button in self.buttons
            ],
            "list_button": self.list_button,
            "items": [
                {"id": row.id, "item": row.item, "description": row.description}
                for row in self.items
            ],
            "media": [{"url": file.url, "content_type": file.content_type} for file in self.media],
        }
