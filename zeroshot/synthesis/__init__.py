"""Pairs out of nothing: key -> Pair(reference, test, mask), on the device.

Files:
  fields       smooth random fields and the coordinate grid
  shapes       antialiased shapes from signed distances
  photographs  what both pictures show: crops of a bank,
  backgrounds  or drawn scenes
  regions      where they differ
  fills        what stands there instead
  nuisances    what differs and is no defect
  mixture      one kind drawn by weight
  changes      regions of a scene, filled
  capture      two pictures of two scenes, and the mask
  pairs        the door: everything above, one example, vmapped once
"""
