"""Synthetic pairs: key -> Pair(reference, test, mask), on the device.

Files:
  fields       smooth random fields and the coordinate grid
  shapes       antialiased shapes from signed distances
  photographs  what both pictures show: crops of a bank,
  backgrounds  or drawn scenes
  regions      where they differ
  fills        the content of regions
  nuisances    differences that are no defects
  compression  blocks of 8x8 pixels as JPEG leaves them
  mixture      one kind drawn by weight
  changes      regions of a scene, filled
  capture      two pictures of two scenes, and the mask
  parts        things with height and gloss on a scene
  shading      a scene under a lamp
  camera       light -> picture
  takes        two takes of two scenes, and the mask
  relief       pairs of takes of a scene with a defect
  lamps        a scene under lamps that stand low and far apart
  depth        what hides behind things, and what is out of focus
  relit_takes  two takes of two scenes under such lamps, and the mask
  relit        pairs of takes of photographs that got depth
  connector_parts  a connector as a table of parts
  connectors   a connector, and what should not lie on it
  connector_pair  two pictures of it for zeroshot demo
  marks        marks that are hard to find, each of one kind
  suites       pairs to measure with, each suite with one kind of defect
  labelled     crops of labelled pairs, with nuisances
  checks       which settings make sense
  pairs        config.synthesis -> synthesis of a batch, by all of the above
"""
