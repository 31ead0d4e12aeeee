"""Steps of the work: values in, values out; ports come as arguments."""
