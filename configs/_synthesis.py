"""The default config's ``synthesis``: each field, its meaning and unit."""

import ml_collections
from ml_collections import config_dict


def get_synthesis() -> ml_collections.ConfigDict:
  """How training pairs are synthesised; 0 switches a kind or nuisance off."""
  return config_dict.create(
    size_px=128,  # side of the square pictures
    margin_px=8,  # drawn beyond each edge, so that shifts show content
    bank='',  # .npz of data_tools.pack_backgrounds; needed by photographs
    defect_free_share=0.15,  # of pairs without an anomaly
    # Weights of the families of scenes.
    families=dict(
      flat=1.0,  # drawings and bare boards, as a scanner sees them
      relief=0.0,  # things with height and gloss under two lamps
      relit=0.0,  # photographs with depth, under lamps far apart
    ),
    relief=get_relief(),
    relit=get_relit(),
    backgrounds=get_backgrounds(),
    # Weights of the kinds of anomaly region, and their extent.
    regions=dict(
      polygons=1.0,  # convex, as in the paper
      blobs=1.0,  # discs with a noisy edge
      scratches=1.0,  # thin curved lines and fibres
      specks=1.0,  # a few dots of a pixel or more
      size_px=(4.0, 40.0),  # diameter, log-uniform
      num_min=1,  # regions per pair: uniform from num_min
      num_max=4,  # to num_max
    ),
    # Weights of the kinds of content that fill a region.
    fills=dict(
      background=1.0,  # another background's pixels
      constant=1.0,  # one colour, often one of the picture's
      inverted=1.0,  # the negative of the local content
      recoloured=1.0,  # the local content, channels mixed and shifted
      blend_px=1.5,  # widest soft edge of a region
      min_change=0.12,  # of a channel; smaller changes are not labelled
    ),
    nuisances=get_nuisances(),
  )


def get_backgrounds() -> ml_collections.ConfigDict:
  """Weights of the kinds of background; they need not sum to 1."""
  return config_dict.create(
    photographs=0.0,  # crops of the bank
    fractal_noise=1.0,
    dead_leaves=1.0,  # overlapping discs and boxes of any size
    soft=0.5,  # smooth blobs without an edge
    thresholded=1.0,  # noise thresholded into two colours
    strokes=3.0,  # thin and thick lines on a plain background
    polygons=1.0,
  )


def get_relief() -> ml_collections.ConfigDict:
  """Scenes with height and gloss, and how two takes of them differ."""
  return config_dict.create(
    parts_share=0.7,  # of scenes on which chips, pins and holes are
    altered_part_share=0.4,  # of defects that are of a part
    raised_share=0.7,  # of scenes that are not flat beneath the parts
    max_height_px=10.0,
    max_gloss=1.2,  # brightness of a highlight
    bump=dict(probability=0.4, max_px=4.0),  # height of what lies on a scene
    faint=dict(probability=0.5, least=0.08),  # factor on a change of paint
    colour_alone_share=0.15,  # of changes of paint, at equal brightness
    min_change=0.05,  # of a channel; smaller changes are not labelled
    min_noise_stds=3.0,  # nor are those below so many deviations of the noise
    cast_shadow_share=0.7,
    lamp=dict(probability=0.8, max_change=0.6),  # of its direction
    # In the scene, up to 2**max_log2 times as bright as white.
    lights=dict(probability=0.2, max_log2=4.0, max_px=12.0),
    parallax=dict(probability=0.6, max_px=0.2),  # for a pixel of height
    # Grain and brushed grain of which each take has another sample.
    texture=dict(probability=0.4, max_change=0.12),
    dust=dict(probability=0.6, max_px=3.0),  # is not labelled
    # What registration leaves.
    shift=dict(probability=0.9, max_px=1.5),
    rotation=dict(probability=0.5, max_deg=0.5),
    scale=dict(probability=0.3, max_change=0.006),
    warp=dict(probability=0.6, max_px=1.5, cell_px=32.0),
    camera=dict(
      white_balance=dict(probability=0.5, max_log2=0.25),
      exposure=dict(probability=0.6, max_log2=1.4),
      curve=dict(probability=0.4, max_log2=0.4),
      gradient=dict(probability=0.5, max_change=0.3),
      shadow=dict(probability=0.2, max_change=0.6),
      glare=dict(probability=0.1, max_change=0.8),
      defocus=dict(probability=0.45, max_sigma_px=2.0),
      depth_of_field=dict(probability=0.25, max_sigma_px=4.0),
      noise=dict(probability=0.7, max_std=0.06),
      chroma=dict(probability=0.4),
      blocking=dict(probability=0.4, max_step=0.12),
    ),
  )


def get_relit() -> ml_collections.ConfigDict:
  """Photographs with depth, and how two takes of them differ.

  Fields of the same names as those of relief scenes mean the same.
  """
  relit = get_relief()
  with relit.unlocked():
    for name in ('raised_share', 'lamp'):
      del relit[name]
    # Of its own backgrounds; without a bank there are no photographs.
    relit.backgrounds = get_backgrounds()
    relit.backgrounds.update(dict.fromkeys(relit.backgrounds, 0.0))
    relit.backgrounds.update(dict(photographs=8.0, dead_leaves=1.0))
    relit.plain_share = 0.35  # of grounds that are of one colour
    relit.thing_share = 0.7  # of scenes in which something large stands
    relit.max_carving_px = 12.0  # height of white above black, in the paint
    relit.moved_share = 0.85  # of pairs whose lamp is elsewhere
    relit.max_slant = 3.0  # tangent of a lamp's angle; the least is 1/3
    relit.dark_share = 0.35  # of pairs with little light but the lamp's
    relit.tint = dict(max_log2=0.3)  # of the light, by channel
    relit.focus = dict(probability=0.3, max_sigma_px=7.0)  # of a layer
  relit.update(
    dict(
      parts_share=0.4,
      max_height_px=28.0,
      max_gloss=0.8,
      cast_shadow_share=0.9,
      lights=dict(probability=0.15, max_log2=4.0, max_px=12.0),
      parallax=dict(probability=0.6, max_px=6.0),  # from the lowest to the top
      texture=dict(probability=0.2, max_change=0.08),
    )
  )
  relit.camera.update(
    dict(
      exposure=dict(probability=0.6, max_log2=1.6),
      defocus=dict(probability=0.3, max_sigma_px=1.5),
      depth_of_field=dict(probability=0.0, max_sigma_px=0.0),
      gradient=dict(probability=0.4, max_change=0.3),
    )
  )
  return relit


def get_nuisances() -> ml_collections.ConfigDict:
  """Differences between two pictures of the same part that are no defects.

  Each is applied with its probability. Geometric ones apply to the reference
  alone, as the test picture keeps the grid of the mask; the others are drawn
  for each picture.
  """
  return config_dict.create(
    shift=dict(probability=0.9, max_px=4.0),
    rotation=dict(probability=0.7, max_deg=1.0),
    scale=dict(probability=0.5, max_change=0.01),
    warp=dict(probability=0.7, max_px=3.0, cell_px=32.0),
    brightness=dict(probability=0.5, max_change=0.2),
    contrast=dict(probability=0.5, max_change=0.35),
    gamma=dict(probability=0.3, max_log2=0.6),
    spot_light=dict(probability=0.3, max_change=0.3),
    blur=dict(probability=0.4, max_sigma_px=1.5),
    noise=dict(probability=0.5, max_std=0.08),
    blocking=dict(probability=0.4, max_step=0.2),  # quantised 8x8 DCT
    # Both pictures in black and white, with independently ragged edges.
    binarisation=dict(probability=0.4, max_ragged_px=1.0),
  )
