"""Each deployment had one service and one image, in columns of its own."""

from django.conf import settings
from django.db import migrations


def give_services(apps, schema_editor):
    Deployment = apps.get_model('deployments', 'Deployment')
    Build = apps.get_model('deployments', 'Build')
    Service = apps.get_model('deployments', 'Service')
    installation = settings.EDAHA.installation
    for deployment in Deployment.objects.select_related('branch__repository').iterator():
        branch = deployment.branch
        if deployment.image:
            Build.objects.create(
                deployment=deployment,
                name='app',
                reference=deployment.image,
                reused=deployment.build_reused,
            )
        if not deployment.cluster:
            continue  # it never came as far as AWS
        tail = f'-{branch.pk}-{deployment.generation}'
        stem = branch.slug[: 63 - len(installation) - 1 - len(tail)].rstrip('-')
        Service.objects.create(
            deployment=deployment,
            name='app',
            label=branch.slug,
            release_name=f'{installation}-{stem}{tail}',
            container='app',
            port=deployment.port or 0,
            health_path=branch.repository.health_path,
            startup_seconds=branch.repository.startup_seconds,
            task_definition_hash=deployment.task_definition_hash,
            task_definition_arn=deployment.task_definition_arn,
            discovery_service_arn=deployment.discovery_service_arn,
            ecs_deployment_id=deployment.ecs_deployment_id,
            running_since=deployment.running_since,
        )
    # What is about to be released has no definitions yet: its build finds the image again.
    Deployment.objects.filter(state='releasing').update(state='building')


class Migration(migrations.Migration):

    dependencies = [
        ('deployments', '0002_services'),
    ]

    operations = [
        migrations.RunPython(give_services, migrations.RunPython.noop),
    ]
