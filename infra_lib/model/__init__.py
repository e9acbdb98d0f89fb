"""What fleets are made of, whatever cloud they are in."""
