# As much of nixpkgs' module system as generated files need, for tests that cannot fetch nixpkgs:
# https://github.com/NixOS/nixpkgs/blob/master/lib/modules.nix
# https://github.com/NixOS/nixpkgs/blob/master/lib/types.nix
let
  inherit (builtins)
    all
    any
    attrNames
    concatLists
    concatMap
    concatStringsSep
    elem
    elemAt
    filter
    foldl'
    head
    isAttrs
    isBool
    isFunction
    isInt
    isList
    isPath
    isString
    length
    listToAttrs
    mapAttrs
    match
    removeAttrs
    tail
    toJSON
    typeOf
    zipAttrsWith
    ;

  mkOverride = priority: content: {
    _type = "override";
    inherit priority content;
  };
  plainly = 100; # the priority of what is said without one; the lowest wins

  # Of nixpkgs' lib, what modules of clan are likely to call.
  lib = {
    inherit (builtins)
      all
      any
      attrNames
      attrValues
      concatMap
      concatStringsSep
      elem
      filter
      head
      length
      listToAttrs
      mapAttrs
      ;
    inherit mkOverride;
    filterAttrs = keep: set: removeAttrs set (filter (name: !keep name set.${name}) (attrNames set));
    genAttrs =
      names: value:
      listToAttrs (
        map (name: {
          inherit name;
          value = value name;
        }) names
      );
    mkDefault = mkOverride 1000;
    mkForce = mkOverride 50;
    mkIf = condition: content: {
      _type = "if";
      inherit condition content;
    };
    mkMerge = contents: {
      _type = "merge";
      inherit contents;
    };
    optional = condition: item: if condition then [ item ] else [ ];
    optionalAttrs = condition: set: if condition then set else { };
    optionals = condition: list: if condition then list else [ ];
    subtractLists = less: filter (item: !elem item less);
  };

  is = type: value: isAttrs value && value._type or null == type;
  show = concatStringsSep ".";
  last = list: elemAt list (length list - 1);
  quote = value: if isFunction value then "<function>" else toJSON value;

  # What modules and their imports say: [ { file; value; } ], in the order in which lists are joined.
  # A module is a path, a function of the arguments, or a set.
  flatten =
    arguments: modules:
    let
      load =
        { file, value }:
        if isPath value || isString value then
          load {
            file = toString value;
            value = import value;
          }
        else if isFunction value then
          load {
            inherit file;
            value = value arguments;
          }
        else
          { inherit file value; };
      loaded = map load modules;
      say =
        { file, value }:
        strongest [
          {
            inherit file;
            value =
              value.config or (removeAttrs value [
                "_class"
                "_file"
                "disabledModules"
                "freeformType"
                "imports"
                "key"
                "require"
              ]);
          }
        ];
      imports = { file, value }: map (value: { inherit file value; }) (value.imports or [ ]);
    in
    if modules == [ ] then
      [ ]
    else
      flatten arguments (concatMap imports loaded) ++ reverse (concatMap say loaded);
  reverse = foldl' (rest: item: [ item ] ++ rest) [ ];

  # The definitions of one option that hold: those of the lowest priority, without it.
  strongest =
    defs:
    let
      unwrap =
        priority: def:
        let
          inner = value: def // { inherit value; };
        in
        if is "merge" def.value then
          concatMap (value: unwrap priority (inner value)) def.value.contents
        else if is "if" def.value then
          lib.optionals def.value.condition (unwrap priority (inner def.value.content))
        else if is "override" def.value then
          unwrap def.value.priority (inner def.value.content)
        else
          [ { inherit priority def; } ];
      found = concatMap (unwrap plainly) defs;
      lower = least: each: if each.priority < least then each.priority else least;
      least = foldl' lower (head found).priority found;
    in
    map (each: each.def) (filter (each: each.priority == least) found);

  # By attribute, the definitions of it.
  byName =
    defs:
    zipAttrsWith (_: each: each) (
      map (def: mapAttrs (_: value: def // { inherit value; }) def.value) defs
    );

  refuse =
    location: def: wanted:
    throw "${show location}: ${quote def.value} is not ${wanted} (${def.file})";
  checked =
    check: wanted: location:
    map (def: if check def.value then def else refuse location def wanted);

  option = type: { inherit type; };
  withDefault = type: default: { inherit type default; };

  # Each type is a function that merges the definitions of one place: location → defs → value.
  types = rec {
    # One value, however often it is said.
    one =
      check: wanted: location: defs:
      let
        values = map (def: def.value) (checked check wanted location defs);
        said = concatStringsSep ", " (map (def: "${quote def.value} (${def.file})") defs);
      in
      if all (value: value == head values) (tail values) then
        head values
      else
        throw "${show location}: conflicting definitions: ${said}";
    str = one isString "a string";
    bool = one isBool "true or false";
    int = one isInt "an integer";
    enum = values: one (value: elem value values) "one of ${toJSON values}";
    matching =
      pattern: one (value: isString value && match pattern value != null) "a match of ${pattern}";
    nullOr =
      type: location: defs:
      if all (def: def.value == null) defs then null else type location defs;

    # Anything, from one file.
    raw =
      location: defs:
      if length defs == 1 then
        (head defs).value
      else
        throw "${show location}: is defined more than once: ${
          concatStringsSep ", " (map (def: def.file) defs)
        }";

    listOf =
      type: location: defs:
      let
        items = def: map (value: type location (strongest [ (def // { inherit value; }) ])) def.value;
      in
      concatMap items (checked isList "a list" location defs);
    attrsOf =
      type: location: defs:
      mapAttrs (name: own: type (location ++ [ name ]) (strongest own)) (
        byName (checked isAttrs "a set" location defs)
      );

    # Data whose type nobody knows: sets are merged, and lists joined.
    data =
      location: defs:
      let
        values = map (def: def.value) defs;
      in
      if all (value: isAttrs value && !value ? outPath) values then
        attrsOf data location defs
      else if all isList values then
        concatLists values
      else
        one (value: typeOf value == typeOf (head values)) "of one type" location defs;

    # Modules that are of use elsewhere.
    modules = _: map (def: def.value);

    # Modules with these options, which may depend on the name that the set has. Another attribute
    # is an error, unless `free` is the type of those.
    submodule =
      {
        arguments ? { },
        options,
        free ? null,
      }:
      location: defs:
      let
        all = {
          inherit config lib name;
          options = { };
        }
        // arguments;
        name = last location;
        config = evaluated location (options name) free (flatten all defs);
      in
      config;
  };

  # The values of a tree of options.
  evaluated =
    location: options: free: defs:
    let
      given = byName (checked isAttrs "a set" location defs);
      unknown = removeAttrs given (attrNames options);
      value =
        name: option:
        let
          here = location ++ [ name ];
          own = given.${name} or [ ];
          default = {
            file = "its default";
            value = option.default or (throw "${show here}: has no value");
          };
        in
        if option ? type then
          (option.apply or (it: it)) (option.type here (if own == [ ] then [ default ] else strongest own))
        else
          evaluated here option null (strongest own);
      others = mapAttrs (name: own: free (location ++ [ name ]) (strongest own)) unknown;
      name = head (attrNames unknown);
    in
    if free == null && unknown != { } then
      throw "${show (location ++ [ name ])}: is not one of ${concatStringsSep ", " (attrNames options)} (${(head unknown.${name}).file})"
    else
      others // mapAttrs value options;
in
{
  inherit
    evaluated
    flatten
    lib
    option
    types
    withDefault
    ;
}
