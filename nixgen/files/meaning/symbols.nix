# What the language does, for values of which nobody knows more than where they come from.
#
# `translate.py` writes texts anew so that they call what is here in place of operators, selections
# and functions of Nix. A symbol stands for such a value: an argument, a path, a function of Nix that
# would look at the world. Whatever asks a symbol something is a symbol itself, which says what was
# asked. So two texts that come out the same mean the same, whatever the symbols stand for.
#
# A symbol has a term: a tag, atoms that are plain data, and parts that are values.
let
  inherit (builtins)
    all
    any
    attrNames
    attrValues
    concatLists
    deepSeq
    elem
    elemAt
    filter
    fromJSON
    genList
    head
    isAttrs
    isBool
    isFunction
    isInt
    isList
    isString
    length
    listToAttrs
    split
    tail
    tryEval
    typeOf
    ;

  # Symbols ------------------------------------------------------------------------------------

  symbol =
    tag: atoms: parts:
    let
      self = {
        __nixgen = {
          inherit tag atoms parts;
        };
        __functor =
          _: argument:
          symbol "apply"
            [ ]
            [
              self
              argument
            ];
      };
    in
    self;
  named = name: symbol "name" [ name ] [ ];
  path = text: symbol "path" [ text ] [ ];
  pathOf = symbol "path" [ ];
  # Nix prints no float exactly.
  float = text: symbol "float" [ text ] [ ];

  # Functions of a text are tagged, too, so that it is known what they take.
  isTagged = value: isAttrs value && value ? __nixgen;
  isLambda = value: isTagged value && value.__nixgen.tag == "lambda";
  isSet = value: isAttrs value && !value ? __nixgen;
  isPlain = value: isString value || isInt value;
  isPure =
    value:
    if isAttrs value then
      isSet value
      && !(value ? outPath || value ? __toString || value ? __functor)
      && all isPure (attrValues value)
    else if isList value then
      all isPure value
    else
      true;
  areStrings = value: isList value && all isString value;
  areLists = value: isList value && all isList value;

  # Functions ----------------------------------------------------------------------------------

  lambda = atoms: call: {
    __nixgen = {
      tag = "lambda";
      inherit atoms call;
    };
    __functor = _: call;
  };
  function =
    hint:
    lambda [
      "plain"
      hint
    ];
  pattern =
    formals: ellipsis: hint: call:
    let
      check =
        given:
        if isLambda given || !isAttrs given then
          throw "a function that takes a set is given something else"
        else if isTagged given then
          true
        else if any (name: !formals.${name} && !given ? ${name}) (attrNames formals) then
          throw "a function is called without an argument that it requires"
        else
          ellipsis
          || all (name: formals ? ${name}) (attrNames given)
          || throw "a function is called with an argument that it does not take";
    in
    lambda [
      (if ellipsis then "open" else "closed")
      hint
      formals
    ] (given: builtins.seq (check given) (call given));
  formal = given: name: select given [ name ];
  formalOr = given: name: selectOr given [ name ];

  # Selections ---------------------------------------------------------------------------------

  key = value: if isTagged value then throw "the name of an attribute is not known" else value;

  select =
    target: names: if names == [ ] then target else select (step target (head names)) (tail names);
  step =
    target: name:
    if isTagged target then
      if target.__nixgen.tag == "builtins" && isString name then
        builtin name
      # Whichever function of the module system takes `lib`, it is the same.
      else if target.__nixgen.tag == "argument" && name == "lib" then
        if elemAt target.__nixgen.atoms 1 == "open" then
          named "lib"
        else
          symbol "select" [ ] [ target name ]
      else
        symbol "select" [ ] [ target name ]
    else if !isAttrs target then
      throw "an attribute is selected from ${typeOf target}"
    else if isTagged name then
      symbol "select" [ ] [ target name ]
    else
      target.${name} or (throw "there is no attribute '${name}' where it is selected");
  # What `inherit (source) names;` takes.
  taken =
    source: names:
    listToAttrs (
      map (name: {
        inherit name;
        value = step source name;
      }) names
    );
  selectOr =
    target: names: default:
    if names == [ ] then
      target
    else if isAttrs target && !isLambda target then
      if isTagged target || isTagged (head names) then
        symbol "or"
          [ ]
          [
            (select target names)
            default
          ]
      else if target ? ${head names} then
        selectOr target.${head names} (tail names) default
      else
        default
    else
      default;
  has =
    target: names:
    if names == [ ] then
      true
    else if isAttrs target && !isLambda target then
      if isTagged target || isTagged (head names) then
        symbol "has" [ ] ([ target ] ++ names)
      else
        target ? ${head names} && has target.${head names} (tail names)
    else
      false;

  # What `with` brings into scope: of a symbol all that the text could mean by its names.
  scope =
    names: chain:
    if isTagged (head chain) then
      listToAttrs (
        map (name: {
          inherit name;
          value = lookUp name chain;
        }) names
      )
    else
      head chain;
  lookUp =
    name: chain:
    let
      outer = filter (each: isTagged each || each ? ${name}) (tail chain);
      found = step (head chain) name;
    in
    if outer == [ ] || (head chain).__nixgen.tag == "builtins" && primitives ? ${name} then
      found
    else
      symbol "with" [ name ] ([ (head chain) ] ++ outer);

  # Operators ----------------------------------------------------------------------------------

  operator = name: symbol "operator" [ name ];
  arithmetic =
    name: apply: left: right:
    if isPlain left && isPlain right then
      apply left right
    else if isTagged left || isTagged right || isAttrs left then
      operator name [
        left
        right
      ]
    else
      apply left right;
  add = arithmetic "+" (left: right: left + right);
  subtract = arithmetic "-" (left: right: left - right);
  multiply = arithmetic "*" (left: right: left * right);
  divide = arithmetic "/" (left: right: left / right);
  less =
    left: right:
    if isList left then
      operator "<" [
        left
        right
      ]
    else
      arithmetic "<" (left: right: left < right) left right;
  lessOrEqual = left: right: not (less right left);
  negate = value: if isTagged value then operator "-" [ value ] else -value;

  not = value: if isTagged value then operator "!" [ value ] else !value;
  both =
    left: right:
    if isTagged left then
      operator "&&" [
        left
        right
      ]
    else if left && isTagged right then
      right
    else
      left && right;
  either =
    left: right:
    if isTagged left then
      operator "||" [
        left
        right
      ]
    else if !left && isTagged right then
      right
    else
      left || right;
  implies = left: right: either (not left) right;

  # Whether two values are equal; null where that depends on what nobody knows.
  equality =
    left: right:
    if isTagged left || isTagged right then
      null
    else if isAttrs left && isAttrs right then
      if left ? type || right ? type then
        null # derivations are compared otherwise
      else if attrNames left != attrNames right then
        false
      else
        every (map (name: equality left.${name} right.${name}) (attrNames left))
    else if isList left && isList right then
      if length left != length right then
        false
      else
        every (genList (place: equality (elemAt left place) (elemAt right place)) (length left))
    else
      left == right;
  every =
    known:
    if elem false known then
      false
    else if elem null known then
      null
    else
      true;
  equal =
    left: right:
    let
      known = equality left right;
    in
    if known == null then
      operator "==" [
        left
        right
      ]
    else
      known;
  differ = left: right: not (equal left right);

  update =
    left: right:
    if !isTagged left && !isTagged right then
      left // right
    else if left == { } then
      right
    else if right == { } then
      left
    else
      operator "//" [
        left
        right
      ];
  concat =
    left: right:
    if isList left && isList right then
      left ++ right
    else if left == [ ] then
      right
    else if right == [ ] then
      left
    else
      operator "++" [
        left
        right
      ];

  choose =
    condition: yes: no:
    if isTagged condition then
      symbol "if"
        [ ]
        [
          condition
          yes
          no
        ]
    else if condition then
      yes
    else
      no;
  require =
    condition: body:
    if isTagged condition then
      symbol "assert"
        [ ]
        [
          condition
          body
        ]
    else
      assert condition;
      body;

  interpolate =
    template: values:
    let
      part =
        piece:
        if isString piece then
          piece
        else
          let
            value = elemAt values (fromJSON (head piece));
          in
          if isString value || isAttrs value then
            value
          else
            throw "${typeOf value} is interpolated into a string";
      parts = filter (each: each != "") (map part (split "__nixgen:([0-9]+):" template));
    in
    if all isString parts then builtins.concatStringsSep "" parts else symbol "interpolation" [ ] parts;

  # Functions of Nix ---------------------------------------------------------------------------

  # Those that do nothing but compute, where what they look at is known. All others are symbols: no
  # text reads a file, the environment or the network here, and none builds anything.
  primitive =
    name: arity: rule:
    let
      taking = term: given: {
        __nixgen = term;
        __functor =
          self: argument:
          let
            now = given ++ [ argument ];
            applied =
              symbol "apply"
                [ ]
                [
                  self
                  argument
                ];
          in
          if length now == arity then rule applied now else taking applied.__nixgen now;
      };
    in
    taking (named "builtins.${name}").__nixgen [ ];
  anything = _: true;
  one =
    test: apply: name:
    primitive name 1 (stuck: given: if test (head given) then apply (head given) else stuck);
  two =
    test: otherTest: apply: name:
    primitive name 2 (
      stuck: given:
      let
        first = elemAt given 0;
        second = elemAt given 1;
      in
      if test first && otherTest second then apply first second else stuck
    );
  three =
    test: apply: name:
    primitive name 3 (
      stuck: given: if test given then apply (elemAt given 0) (elemAt given 1) (elemAt given 2) else stuck
    );
  # Of a predicate and a list.
  asking =
    apply: name:
    primitive name 2 (
      stuck: given:
      let
        list = elemAt given 1;
        answers = map (head given) list;
      in
      if isList list && all isBool answers then
        apply (place: elemAt answers place) (genList (place: place) (length list)) list
      else
        stuck
    );
  # Of the type of a value.
  typed =
    apply: name:
    primitive name 1 (stuck: given: if isTagged (head given) then stuck else apply (head given));
  isText = value: isPlain value || isBool value || value == null;

  primitives = builtins.mapAttrs (name: of: of name) {
    map = two anything isList map;
    filter = asking (
      answer: places: list:
      map (elemAt list) (filter answer places)
    );
    all = asking (
      answer: places: _:
      all answer places
    );
    any = asking (
      answer: places: _:
      any answer places
    );
    elem =
      name:
      primitive name 2 (
        stuck: given:
        let
          known = map (equality (head given)) (elemAt given 1);
        in
        if !isList (elemAt given 1) then
          stuck
        else if elem true known then
          true
        else if elem null known then
          stuck
        else
          false
      );
    elemAt = two isList isInt elemAt;
    head = one isList head;
    tail = one isList tail;
    length = one isList length;
    concatLists = one areLists concatLists;
    concatMap =
      name:
      primitive name 2 (
        stuck: given:
        let
          lists = map (head given) (elemAt given 1);
        in
        if isList (elemAt given 1) && areLists lists then concatLists lists else stuck
      );
    concatStringsSep = two isString areStrings builtins.concatStringsSep;
    genList = two anything isInt genList;
    "foldl'" = three (given: isList (elemAt given 2)) builtins.foldl';

    attrNames = one isSet attrNames;
    attrValues = one isSet attrValues;
    mapAttrs = two anything isSet builtins.mapAttrs;
    removeAttrs = two isSet areStrings removeAttrs;
    intersectAttrs = two isSet isSet builtins.intersectAttrs;
    hasAttr = two isString isSet builtins.hasAttr;
    getAttr = two isString isSet builtins.getAttr;
    listToAttrs = one (
      list: isList list && all (each: isSet each && each ? name && isString each.name) list
    ) listToAttrs;

    add = _: function "left" (left: function "right" (add left));
    sub = two isInt isInt builtins.sub;
    mul = two isInt isInt builtins.mul;
    div = two isInt isInt builtins.div;
    lessThan = _: function "left" (left: function "right" (less left));

    isAttrs = typed isAttrs;
    isBool = typed isBool;
    isInt = typed isInt;
    isList = typed isList;
    isString = typed isString;
    isNull = typed (value: value == null);
    typeOf = typed typeOf;
    isFunction =
      name:
      primitive name 1 (
        stuck: given: isLambda (head given) || (if isTagged (head given) then stuck else false)
      );

    toString = one isText toString;
    stringLength = one isString builtins.stringLength;
    substring = three (
      given: isInt (elemAt given 0) && isInt (elemAt given 1) && isString (elemAt given 2)
    ) builtins.substring;
    replaceStrings = three (
      given: areStrings (elemAt given 0) && areStrings (elemAt given 1) && isString (elemAt given 2)
    ) builtins.replaceStrings;
    toJSON = one isPure builtins.toJSON;
  };

  builtin =
    name:
    primitives.${name} or {
      true = true;
      false = false;
      null = null;
      builtins = everything;
    }
    .${name} or (named "builtins.${name}");
  everything = symbol "builtins" [ ] [ ];

  # What comes out -----------------------------------------------------------------------------

  # Each value as plain data: text, numbers, true, false and null as they are, and all else as a
  # list of tag, atoms and parts. A function is called with a symbol for its argument.
  serialize =
    level: value:
    if isTagged value then
      let
        term = value.__nixgen;
      in
      if term.tag == "lambda" then
        [
          "lambda"
          term.atoms
          [
            (serialize (level + 1) (
              term.call (
                symbol "argument"
                  [
                    level
                    (head term.atoms)
                  ]
                  [ ]
              )
            ))
          ]
        ]
      else
        [
          term.tag
          term.atoms
          (map (serialize level) term.parts)
        ]
    else if isAttrs value then
      [
        "set"
        (attrNames value)
        (map (serialize level) (attrValues value))
      ]
    else if isList value then
      [
        "list"
        [ ]
        (map (serialize level) value)
      ]
    else if isText value then
      value
    else
      throw "there is ${if isFunction value then "a function" else typeOf value} that nobody wrote";
  # Each text's in a list; an empty one where Nix knows no value.
  evaluated = map (
    value:
    let
      plain = serialize 0 value;
      tried = tryEval (deepSeq plain plain);
    in
    if tried.success then [ tried.value ] else [ ]
  );
in
{
  inherit
    add
    both
    builtin
    choose
    concat
    differ
    divide
    either
    equal
    everything
    float
    formal
    formalOr
    function
    has
    implies
    interpolate
    key
    less
    lessOrEqual
    multiply
    named
    negate
    not
    path
    pathOf
    pattern
    require
    scope
    select
    selectOr
    subtract
    taken
    update
    ;
  serialize = serialize 0;
  serializeAll = evaluated;
}
