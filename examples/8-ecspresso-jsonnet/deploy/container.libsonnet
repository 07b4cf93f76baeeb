local must_env = std.native('must_env');
local registry = '%s.dkr.ecr.us-east-1.amazonaws.com' % must_env('AWS_ACCOUNT');

// What all containers of the shop have in common.
function(name) {
  name: name,
  image: '%s/shop-%s:%s' % [registry, name, must_env('IMAGE_TAG')],
  essential: true,
  logConfiguration: {
    logDriver: 'awslogs',
    options: {
      'awslogs-group': '/ecs/shop',
      'awslogs-region': 'us-east-1',
      'awslogs-stream-prefix': 'shop',
    },
  },
}
