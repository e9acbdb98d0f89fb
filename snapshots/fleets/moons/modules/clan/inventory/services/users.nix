{
  clan.inventory.instances = {
    user-ann = {
      module = {
        name = "users";
        input = "clan-core";
      };
      roles = {
        default = {
          tags = {
            nixos = { };
          };
          settings = {
            user = "ann";
            groups = [ ];
            share = false;
            prompt = false;
          };
        };
      };
    };
    user-bob = {
      module = {
        name = "users";
        input = "clan-core";
      };
      roles = {
        default = {
          machines = {
            io = { };
          };
          settings = {
            user = "bob";
            groups = [ "wheel" ];
            share = false;
            prompt = true;
            openssh.authorizedKeys.keys = [
              "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u bob"
              "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u"
            ];
          };
        };
      };
    };
  };
}
