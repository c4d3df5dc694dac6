"""Host side data: pictures, the background bank and the DeepPCB pairs."""
