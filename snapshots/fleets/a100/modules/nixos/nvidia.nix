{
  flake.modules.nixos.nvidia =
    {
      config,
      options ? { },
      pkgs,
      ...
    }:
    {
      # The driver and CUDA are unfree. Whoever gives nixpkgs.pkgs says so there.
      # No cudaSupport here: that would rebuild every package.
      nixpkgs.config =
        if options.nixpkgs.pkgs.isDefined or false then
          { }
        else
          {
            allowUnfree = true;
            cudaCapabilities = [
              "8.0"
              "9.0"
            ];
          };

      hardware.graphics = {
        enable = true;
        enable32Bit = false;
      };

      # datacenter.enable stays unset: it leaves out firmware that the GPU needs
      # (https://github.com/NixOS/nixpkgs/issues/454772).
      hardware.nvidia = {
        package = config.boot.kernelPackages.nvidiaPackages.latest;
        open = true;
        # Nothing else keeps the GPU initialized between jobs.
        nvidiaPersistenced = true;
        nvidiaSettings = false;
        modesetting.enable = false;
        powerManagement = {
          enable = false;
          finegrained = false;
        };
      };

      services.xserver = {
        enable = false;
        # This loads the driver, also without a display server.
        videoDrivers = [ "nvidia" ];
      };

      # Builds that require the system feature "cuda" may use the GPU.
      programs.nix-required-mounts = {
        enable = true;
        presets.nvidia-gpu.enable = true;
      };

      environment.systemPackages = [
        pkgs.nvtopPackages.nvidia
        pkgs.pciutils
      ];
    };
}
