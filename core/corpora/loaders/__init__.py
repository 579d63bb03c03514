"""The corpora MIRAGE can read, by name."""

from __future__ import annotations

from core.corpora.drafts import Loader
from core.corpora.loaders import (
    audformat,
    crema_d,
    demo,
    emodb,
    esd,
    folder,
    iemocap,
    meld,
    msp_improv,
    msp_podcast,
    ravdess,
    savee,
    tess,
)
from core.corpora.registry import Registry

BUILT_IN: dict[str, Loader] = {
    loader.name: loader
    for loader in (
        demo.LOADER,
        crema_d.LOADER,
        emodb.LOADER,
        esd.LOADER,
        iemocap.LOADER,
        meld.LOADER,
        msp_improv.LOADER,
        msp_podcast.LOADER,
        ravdess.LOADER,
        savee.LOADER,
        tess.LOADER,
        audformat.LOADER,
        folder.LOADER,
    )
}
"""Those that come with MIRAGE."""

LOADERS = Registry(BUILT_IN.values())
"""These, and those of other installed packages."""

__all__ = ["BUILT_IN", "LOADERS"]
