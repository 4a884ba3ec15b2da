"""The sha256 of what each embedded source reads, by split (see `cldsl.data.fingerprint`)."""

from __future__ import annotations

SHA256: dict[str, dict[str, str]] = {
    "digits-8x8": {
        "train": "e38e7138a60d17d09a5a3c4b60463a1c50b90e6e59c1a70004588f6c55b6f583",
        "test": "f9ee144414d010a5eb01b5f0a7e77aa772d01e9c84386ba28e98e4113a90f902",
    },
    "digits-16": {
        "train": "8d459c580d4e02189bf4dfeef7cba679c585e788ac728f46053990b725b8057c",
        "test": "abaf22a76dbaf2ada41bd468d902f1cbe5b06ebc99dc7906e5633306dbd0ef6c",
    },
    "mnist-5k": {
        "train": "8acf00f01f07bc198c573df8bb19700b19817d6a3967b25f1b0cd551c67c650e",
        "test": "8ac2d745d076f379c68a3f178727fb62ebe3fbaf55afd5997f9de68119364e3a",
    },
    "mnist-5k-lt": {
        "train": "8ae91c7a2a1aceb4324c7e09ea359f437b1ea585e7d6bb8623936d92895fdf34",
        "test": "8ac2d745d076f379c68a3f178727fb62ebe3fbaf55afd5997f9de68119364e3a",
    },
    "mnist-5k-novel": {
        "train": "8e37d2c64ab3c131ae2721b2f7f199793d790a8c400aac7762fc3310ff7ab18c",
        "test": "62349da9fdb2febac293ccd37f080bb7a659b48a19c894cb29270f53ea881e6b",
    },
    "digit-halves": {
        "train": "c9f24dc499f09f2a22d2bd8e4217d3560b60c3db284c6e3c35eaf9e456a43b20",
        "test": "a88c7c9cf70718dcf8856debda8fbbb28b18284e96ce4e22633bca00f55d065d",
    },
    "digit-halves-lt": {
        "train": "f55e839cb8887115b85ccecc08c18b25bea3a30c9885180c35ec2482345b0c09",
        "test": "a88c7c9cf70718dcf8856debda8fbbb28b18284e96ce4e22633bca00f55d065d",
    },
    "coloured-digits": {
        "train": "b062bafdb760f0190f30bd7af7c9f0607dfb54cae76563eb1ca976f1cc106fc6",
        "test": "d9c51394e1b34597f2c03eddebf3e67c9ce1f77fafaa7958804300373f83a59f",
    },
    "tecator": {
        "train": "3875dd636f67599bd3420a786824111d238764976cf12373eac313163e9e5469",
        "test": "588d1cd112cc68a2bab87080d32eca96f92055fd76bfab80945f01d298402031",
    },
    "diabetes": {
        "train": "032c382d394d309d3ff31088916dc571b20ed8c89eaf05f8117a191e5334de6b",
        "test": "d42d63cae72fce16f798e23739e8e8e97683eeae799bb633406546dd0843ae9c",
    },
    "digit-clips": {
        "train": "4cec0ad25db9c4a2d6efce83970a3acb237fc3d997d3d926c8a0d6a46f58cafa",
        "test": "ab58909aa71ca0dd5364787e24d3bb827d3a54aa12fc0f7f27ac87ef11738d9e",
    },
    "digit-bags": {
        "train": "22b0a47aa8b652c392b3180e7bed4768123508d1f11c33e86f6c6dbbb4590260",
        "test": "16b10283270b19ecc83ebd7df09a541826edfa292ae1c2520cda0a019ef80171",
    },
    "digit-tiles": {
        "train": "166e91298cf08f6ced0bddfa20e7660c28a736914371f506ca865e0950e20bfb",
        "test": "aeccc95fefaf68e121c021d0c8a2035306ae8fa4dab9f2f094df3d68849dfeb1",
    },
    "digit-bags-lt": {
        "train": "01d3ab8731244516dd61846014fc5dfbb14d18d5103f94b6b25161a0dae2bc88",
        "test": "6cf0119d89034d41409b37d02ea6ed32067fe49b48e835a01e29564427990a28",
    },
    "digit-bags-lt-shifted": {
        "train": "ba91a1f4758ac25a1233cf8d7425050793c8c97c23fa44d34f25a4cffad40372",
        "test": "e8cc060dc8d8ec36a25ecc34a2cc70b3446ac5ef98a46349165772a7b13063d4",
    },
    "sea-temperature": {
        "train": "e90f09432edbc794140e45dc2bac28db1fe418513d16856718d4c854f7dba342",
        "test": "bd7a8ffdc7b93bec434e23523bc04fafbfe5cd2718cffe074793ece945782d0c",
    },
    "japanese-vowels": {
        "train": "f38e0db166d5613aa0b9b9c51adeafaee1633d5212969aa317cc85180e892d51",
        "test": "795cad0d45c15a7a7ada9517df3601bb0ec31a05226fdc2c67e5a82935befcac",
    },
    "glyphs-28": {
        "train": "b68199568702ba27c037f4cff92615e9235087a5d78b52b77e5b565d73ff54d1",
        "test": "78e8a8fbc8ec04f377fe0afbaafb328725e92db63e87c779e25b433650b89aa6",
    },
    "film-graph": {
        "train": "40ab6e5b09d6e998ab800fadc60a2d5fbb0577fa4a9a94c497cda97ed5bff04d",
        "test": "40ab6e5b09d6e998ab800fadc60a2d5fbb0577fa4a9a94c497cda97ed5bff04d",
    },
    "textures-32": {
        "train": "7ee39b33ec5e1a4e0d27e41f2112de9af152b4aab44111ffb1e3c7e4dc551c25",
        "test": "1727e2f09eac60aaaf77ada1d53dbcfba3f0f69aea21c469b9801b68467aa33f",
    },
    "movielens-100k": {
        "train": "b264e7e462dde247e82cbbedb2178fc68da7e28f5bbec8b09e05f4e1d5978954",
        "valid": "1eafc729e2848d1cc6cf577ec8a95f3fe4ad02af815e5716cd4cd7192cd1d7ac",
        "test": "f9b1c6db114f393c1dc3d91851f6901c2896e65c17c6da9e830c71995e481870",
    },
    "digits-on-textures": {
        "train": "47e17dc45dcc3585ce5b69a6049ebc7524c4eb9af8fd87790bd6dab2a5a012df",
        "test": "1c0ef1b09bdecd67ff5bb15f71fa9bb410e75088cbb1289680cbef48ea374434",
    },
    "digit-scenes": {
        "train": "f5d75ab7440aa7d439a072c6be147a5fbfc9fb077293af1ae5cad9ee9183e528",
        "test": "1977efdcc2a1d2fc31700c05ea09efae5989eaf039cf3c0b38ef75dfa1564f30",
    },
}
